import { createHash, randomBytes, type Hash } from 'node:crypto';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { powershellProgram, psQuote } from '../../util/powershell';
import type { Line } from './line';
import { SEND } from './transfer-scripts';
import { runTransfer } from './upload';

/** Copies one file of the machine to exactly the path `local`. */
export function downloadFile(line: Line, remote: string, local: string, options: TransferOptions): Promise<void> {
  return download(
    line,
    `Content (Full ${psQuote(remote)})`,
    remote,
    new Receiver(undefined, local, remote, options),
    options,
  );
}

/** Copies what is in a folder of the machine into the folder `local`. */
export async function downloadDirectory(
  line: Line,
  remote: string,
  local: string,
  options: TransferOptions,
): Promise<void> {
  await fsp.mkdir(local, { recursive: true });
  const task = `Folder (Full ${psQuote(remote)}) ''`;
  return download(line, task, remote, new Receiver(local, undefined, remote, options), options);
}

async function download(
  line: Line,
  task: string,
  remote: string,
  receiver: Receiver,
  { signal }: TransferOptions,
): Promise<void> {
  const program = powershellProgram(SEND.replace('TASK', () => task));
  try {
    let rest = '';
    const onData = async (data: Buffer): Promise<void> => {
      const lines = (rest + data.toString('latin1')).split('\n');
      rest = lines.pop()!;
      for (const one of lines) await receiver.take(one.trimEnd());
    };
    await runTransfer(line, { ...program, signal, onData }, `copying ${remote} from the machine`);
    receiver.finish();
  } finally {
    await receiver.abandon();
  }
}

/** Writes what the machine sends. Its names are not believed: nothing is written outside the folder. */
class Receiver {
  private file:
    | { readonly handle: fsp.FileHandle; readonly part: string; readonly target: string; readonly hash: Hash }
    | undefined;
  private current = 0;
  private whole = 0;

  constructor(
    private readonly folder: string | undefined,
    private readonly target: string | undefined,
    private readonly label: string,
    private readonly options: TransferOptions,
  ) {}

  async take(line: string): Promise<void> {
    const rest = line.slice(1);
    if (line.startsWith('d')) await fsp.mkdir(this.inFolder(rest), { recursive: true });
    else if (line.startsWith('f')) await this.open(this.inFolder(rest));
    else if (line.startsWith('=')) await this.write(Buffer.from(rest, 'base64'));
    else if (line.startsWith('e')) await this.close(rest);
  }

  finish(): void {
    if (this.target !== undefined && this.whole !== 1)
      throw new GoldsmithError('TRANSFER_FAILED', `the machine did not send ${this.label} to its end`);
  }

  async abandon(): Promise<void> {
    if (!this.file) return;
    await this.file.handle.close();
    await fsp.rm(this.file.part, { force: true });
    this.file = undefined;
  }

  private async open(target: string): Promise<void> {
    const part = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}`);
    this.file = { handle: await fsp.open(part, 'wx'), part, target, hash: createHash('sha256') };
  }

  private async write(bytes: Buffer): Promise<void> {
    if (!this.file && this.target !== undefined) await this.open(this.target);
    if (!this.file) return;
    await this.file.handle.write(bytes);
    this.file.hash.update(bytes);
    this.current += bytes.length;
    this.options.onProgress?.({ label: this.label, current: this.current, unit: 'bytes' });
  }

  private async close(sum: string): Promise<void> {
    // An empty file has no pieces.
    if (!this.file && this.target !== undefined) await this.open(this.target);
    if (!this.file) return;
    const { handle, part, target, hash } = this.file;
    if (hash.digest('hex') !== sum)
      throw new GoldsmithError('TRANSFER_FAILED', `what arrived of ${this.label} has another checksum`);
    await handle.close();
    this.file = undefined;
    await fsp.rename(part, target);
    this.whole += 1;
  }

  private inFolder(encoded: string): string {
    const name = Buffer.from(encoded, 'base64').toString('utf8');
    const target = path.join(this.folder ?? '', name);
    if (this.folder === undefined || name.split(/[\\/]/).some((part) => part === '..' || part === ''))
      throw new GoldsmithError('TRANSFER_FAILED', `the machine sent a file by the name ${JSON.stringify(name)}`);
    return target;
  }
}
