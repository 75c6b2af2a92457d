import { GoldsmithError } from '../errors';

/** An error of the operating system as one that says what to do; anything else as it is. */
export function explainErrno(error: unknown, doing: string): unknown {
  if (GoldsmithError.is(error)) return error;
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const where = path === undefined ? '' : ` (${path})`;
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
    default:
      return error;
  }
}
