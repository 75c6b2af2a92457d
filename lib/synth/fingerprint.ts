import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ignoreMatcher } from './ignore';

/** Marks the borders of fields, so that `ab` + `c` and `a` + `bc` differ. */
const END = '\0';
const CHUNK = 1 << 20;

/** What the content of a local file or folder is, as one sha256: names, bytes, the executable bit and where symlinks point. */
export function fingerprint(root: string, ignore: readonly string[] = []): string {
  const hash = createHash('sha256');
  const ignored = ignoreMatcher(ignore);
  const add = (absolute: string, relative: string): void => {
    const stat = relative === '' ? fs.statSync(absolute) : fs.lstatSync(absolute);
    if (relative !== '' && ignored(relative, stat.isDirectory())) return;
    if (stat.isSymbolicLink()) {
      hash.update(['link', relative, fs.readlinkSync(absolute), END].join(END));
    } else if (stat.isDirectory()) {
      hash.update(['directory', relative, END].join(END));
      for (const name of fs.readdirSync(absolute).sort())
        add(path.join(absolute, name), relative === '' ? name : `${relative}/${name}`);
    } else if (!stat.isFile()) {
      // Opening a pipe would wait for ever for somebody to write into it.
      throw new NotAFile(relative);
    } else {
      const executable = (stat.mode & 0o111) !== 0 ? 'x' : '-';
      hash.update(['file', relative, executable, String(stat.size), ''].join(END));
      addContent(hash, absolute);
      hash.update(END);
    }
  };
  add(root, '');
  return hash.digest('hex');
}

/** Something that is neither a file, a folder nor a symbolic link. */
export class NotAFile extends Error {
  constructor(relative: string) {
    super(
      relative === '' ? 'is no file or folder' : `holds \`${relative}\`, which is no file, folder or symbolic link`,
    );
  }
}

function addContent(hash: Hash, file: string): void {
  const descriptor = fs.openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let read = fs.readSync(descriptor, buffer); read > 0; read = fs.readSync(descriptor, buffer)) {
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    fs.closeSync(descriptor);
  }
}
