import * as os from 'node:os';
import * as path from 'node:path';
import type { ResourceRecord } from '../../../extension/artifact';

/** Tokens come from a journal that somebody may have written: only such are part of a path. */
const TOKEN = /^[A-Za-z0-9._-]{1,64}$/;

/** What a record of ours says beside its token. */
export interface QemuLocator {
  /** The run that made it. */
  readonly run: string;
  /** Folder for sockets, whose paths may not be longer than 107 bytes (unix(7)). */
  readonly sockets?: string;
}

/** Where the platform keeps its things. */
export class Places {
  readonly root: string;

  constructor(stateDir: string) {
    this.root = path.join(stateDir, 'qemu');
  }

  /** Disks that were downloaded or unpacked, by checksum. */
  get images(): string {
    return path.join(this.root, 'images');
  }

  /** Folders of machines and of checkpoints. */
  folders(kind: 'machines' | 'checkpoints'): string {
    return path.join(this.root, kind);
  }

  /** The folder of what a record names. */
  folderOf({ kind, token }: Pick<ResourceRecord, 'kind' | 'token'>): string {
    return path.join(this.folders(kind === 'qemu:checkpoint' ? 'checkpoints' : 'machines'), safe(token));
  }
}

/** The folder of a machine's sockets. */
export function socketsOf({ token, locator }: Pick<ResourceRecord, 'token' | 'locator'>): string {
  const { sockets = os.tmpdir() } = locator as unknown as QemuLocator;
  return path.join(sockets, `goldsmith-${safe(token).slice(0, 24)}`);
}

function safe(token: string): string {
  if (!TOKEN.test(token)) throw new Error(`${JSON.stringify(token)} is no token`);
  return token;
}
