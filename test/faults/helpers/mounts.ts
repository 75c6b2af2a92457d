import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Whether this process may mount. */
export const canMount =
  process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

/** Why a suite that mounts is skipped. */
export const NO_MOUNTS = 'it needs root, to mount a small disk';

/** A disk in memory, as small as a test wants it. */
export class SmallDisk {
  /** Mounts one with a size as mount(8) writes it, such as `64k`. */
  static mount(dir: string, size: string): SmallDisk {
    fs.mkdirSync(dir, { recursive: true });
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'goldsmith-test', dir);
    return new SmallDisk(dir);
  }

  private constructor(private readonly dir: string) {}

  /** Blocks of 4096 bytes that are free. */
  get blocks(): number {
    const { bavail, bsize } = fs.statfsSync(this.dir);
    return Math.floor((bavail * bsize) / 4096);
  }

  /** Fills it, but for so many blocks of 4096 bytes. */
  fillBut(blocks: number): void {
    fs.writeFileSync(this.filler, Buffer.alloc(Math.max(0, this.blocks - blocks) * 4096));
  }

  /** Gives back what {@link fillBut} took. */
  free(): void {
    fs.rmSync(this.filler, { force: true });
  }

  unmount(): void {
    run('umount', '-l', this.dir);
  }

  private get filler(): string {
    return path.join(this.dir, 'filler');
  }
}

/** Makes a folder read-only until the returned function is called: also for root, whom modes do not stop. */
export function readOnly(dir: string): () => void {
  run('mount', '--bind', dir, dir);
  run('mount', '-o', 'remount,bind,ro', dir);
  return () => run('umount', '-l', dir);
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
