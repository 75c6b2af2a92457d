import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';

/** An error of the operating system as one that says what to do; anything else as it is. */
export function explainErrno(error: unknown, doing: string): unknown {
  if (GoldsmithError.is(error)) return error;
  const { code, path: file, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const where = file === undefined ? '' : ` (${file})`;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new GoldsmithError('NO_SPACE', `no space is left while ${doing}${where}`, {
        cause: error,
        hint: 'free some space and run it again: it goes on where it stopped',
      });
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new GoldsmithError('READ_ONLY', `writing is not allowed while ${doing}${where}`, {
        cause: error,
        hint: 'make the folder writable, or put the state elsewhere with --state DIR',
      });
    case 'ENOENT':
      // What Node says of a folder that it cannot make recursively in a file system that is read-only.
      return syscall === 'mkdir' && file !== undefined && !isWritableAbove(file)
        ? explainErrno({ code: 'EROFS', path: file }, doing)
        : error;
    default:
      return error;
  }
}

function isWritableAbove(dir: string): boolean {
  const there = fs.existsSync(dir);
  if (!there && path.dirname(dir) !== dir) return isWritableAbove(path.dirname(dir));
  try {
    fs.accessSync(dir, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
