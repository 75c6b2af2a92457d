import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isObject } from '../../../plan/json';

/** What was begun. */
export interface Begun {
  readonly snapshot: string;
  readonly region: string;
  /** GiB. */
  readonly size: number;
  /** KMS key, `true` for AWS's own, `false` for none. */
  readonly encrypted: string | boolean;
}

/**
 * What is in a snapshot already, kept in a file: a line that says which one it is, then one for each block that AWS has taken. AWS itself
 * does not tell it of a snapshot that is not complete.
 */
export class Progress {
  /** Checksums of the blocks by index, in base64. */
  readonly blocks = new Map<number, string>();
  private waiting: string[] = [];
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: string,
    public begun: Begun | undefined,
  ) {}

  /** Reads what a run before this one has left; a line that was cut off does not count. */
  static async open(file: string): Promise<Progress> {
    const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const [first = '', ...lines] = text.split('\n').slice(0, -1);
    const progress = new Progress(file, begunOf(first));
    if (!progress.begun) return progress;
    for (const line of lines) {
      const [, index, checksum] = /^(\d+) ([A-Za-z0-9+/]{43}=)$/.exec(line) ?? [];
      if (index !== undefined) progress.blocks.set(Number(index), checksum!);
    }
    return progress;
  }

  /** Begins anew. */
  async begin(begun: Begun): Promise<void> {
    this.begun = begun;
    this.blocks.clear();
    await fs.mkdir(path.dirname(this.file), { recursive: true });
    await fs.writeFile(this.file, `${JSON.stringify(begun)}\n`);
  }

  /** Notes a block that AWS has taken. */
  add(index: number, checksum: string): Promise<void> {
    this.blocks.set(index, checksum);
    this.waiting.push(`${index} ${checksum}\n`);
    this.writing = this.writing.then(async () => {
      const lines = this.waiting.splice(0);
      if (lines.length > 0) await fs.appendFile(this.file, lines.join(''));
    });
    return this.writing;
  }

  /** There is nothing to go on with. */
  async forget(): Promise<void> {
    this.begun = undefined;
    this.blocks.clear();
    await fs.rm(this.file, { force: true });
  }
}

function begunOf(line: string): Begun | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) && typeof value['snapshot'] === 'string' ? (value as unknown as Begun) : undefined;
  } catch {
    return undefined;
  }
}
