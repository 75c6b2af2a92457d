import * as fs from 'node:fs';
import * as path from 'node:path';
import type { AssetKind } from '../extension/props';
import type { LateJson } from '../plan/late';
import type { Plan } from '../plan/schema';
import { digestOf } from '../plan/digest';
import { fingerprint, NotAFile } from './fingerprint';
import { ignoreMatcher } from './ignore';

/** A local file or folder, as a prop names it. */
export interface AssetRequest {
  /** Absolute; a trailing slash is kept. */
  readonly path: string;
  readonly kind: AssetKind;
  readonly ignore: readonly string[];
}

/** The assets of one synth: hashed when they are asked for, copied only when the whole program is right. */
export class Assets {
  readonly entries: Record<string, Plan['assets'][string]> = {};
  private readonly sources = new Map<string, AssetRequest>();
  private readonly known = new Map<string, { hash: string } | { problem: string }>();

  /** The asset as the plan writes it, or what is wrong with it. */
  add(request: AssetRequest): LateJson | { readonly problem: string } {
    const key = JSON.stringify([request.path.replace(/[/\\]$/, ''), request.kind, request.ignore]);
    let result = this.known.get(key);
    if (!result) this.known.set(key, (result = this.examine(request)));
    if ('problem' in result) return result;
    const name = path.basename(request.path);
    return { $asset: { sha256: result.hash, name: /[/\\]$/.test(request.path) ? `${name}/` : name } };
  }

  /** Copies every asset to `<dir>/<sha256>/<name>`; one that is there already is not copied again. */
  stage(dir: string): void {
    for (const [hash, request] of this.sources) {
      const folder = path.join(dir, hash);
      if (fs.existsSync(folder)) continue;
      const temporary = `${folder}.${process.pid}.tmp`;
      fs.mkdirSync(temporary, { recursive: true });
      const ignored = ignoreMatcher(request.ignore);
      const named = request.path.replace(/[/\\]$/, '');
      // The path itself may be a symbolic link: what it points at is meant.
      const root = fs.realpathSync(named);
      fs.cpSync(root, path.join(temporary, path.basename(named)), {
        recursive: true,
        dereference: false,
        verbatimSymlinks: true,
        preserveTimestamps: true,
        mode: fs.constants.COPYFILE_FICLONE,
        filter: (from) => {
          const relative = path.relative(root, from).split(path.sep).join('/');
          return relative === '' || !ignored(relative, fs.lstatSync(from).isDirectory());
        },
      });
      renameUnlessThere(temporary, folder);
    }
  }

  private examine(request: AssetRequest): { hash: string } | { problem: string } {
    const root = request.path.replace(/[/\\]$/, '');
    try {
      const stat = fs.statSync(root);
      if (request.kind === 'file' && !stat.isFile()) {
        const what = stat.isDirectory() ? 'a folder' : 'a pipe, socket or device';
        return { problem: `is ${what}, and a file is needed` };
      }
      if (request.kind === 'directory' && !stat.isDirectory()) return { problem: 'is a file, and a folder is needed' };
      // The name is part of the identity: it shows on the machine.
      const hash = digestOf({ name: path.basename(root), content: fingerprint(root, request.ignore) });
      this.entries[hash] = { kind: stat.isDirectory() ? 'directory' : 'file', name: path.basename(root) };
      this.sources.set(hash, request);
      return { hash };
    } catch (error) {
      if (error instanceof NotAFile) return { problem: error.message };
      const code = (error as NodeJS.ErrnoException).code;
      return { problem: code === 'ENOENT' ? 'is not there' : `cannot be read (${code ?? String(error)})` };
    }
  }
}

function renameUnlessThere(temporary: string, folder: string): void {
  try {
    fs.renameSync(temporary, folder);
  } catch (error) {
    fs.rmSync(temporary, { recursive: true, force: true });
    if (!fs.existsSync(folder)) throw error;
  }
}
