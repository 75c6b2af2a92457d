import { createReadStream } from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { shellQuote } from '../../util/quote';
import { runHelper } from './helper';
import { runCommand, type Runner } from './run';
import type { Local } from './upload-file';

/**
 * Copies one file by the machine's `scp -t`: the old protocol, which `scp -O` still speaks. Times and size go in front of
 * the bytes; every part is answered by one byte, 0 where all is well.
 *
 * @returns false where the machine has no scp
 */
export async function putByScp(
  runner: Runner,
  local: Local,
  remote: string,
  part: string,
  options: TransferOptions,
): Promise<boolean> {
  const { signal, onProgress } = options;
  const doing = `copying ${local.name} to ${remote} on the machine`;
  const windows = runner.guest.kind === 'windows';
  if (!windows && !runner.guest.tools.has('scp')) return false;
  const quoted = windows ? `"${part}"` : shellQuote(part);
  const answers = new Answers();
  let said = '';
  const stdin = records(local, answers, (current) =>
    onProgress?.({ label: remote, current, total: local.size, unit: 'bytes' }),
  );
  const result = await runCommand(runner, {
    command: `${windows ? '' : 'exec '}scp -p -t ${quoted}`,
    stdin,
    signal,
    onData: (data, stream) => {
      if (stream === 'stderr') said += data.toString();
      else answers.push(data);
    },
  });
  answers.end();
  if (result.ended === 'disconnect')
    throw new GoldsmithError('CONNECTION_LOST', `the connection to the machine broke off while ${doing}`);
  const status = result.ended === 'exit' ? result.code : -1;
  if (status === 127 || /not recognized|not found/i.test(said)) return false;
  if (status !== 0 || answers.problem !== undefined) {
    const why = answers.problem ?? said.trim();
    throw new GoldsmithError(
      /no space|quota/i.test(why) ? 'NO_SPACE' : 'TRANSFER_FAILED',
      `${doing} failed: ${why || `scp ended with ${status}`}`,
    );
  }
  const script = windows ? `move /Y ${quoted} "${remote}"` : 'mv -f "$1" "$2" || { rm -f "$1"; exit 1; }';
  await runHelper(runner, { script, args: windows ? [] : [part, remote], signal, doing });
  return true;
}

async function* records(local: Local, answers: Answers, report: (current: number) => void): AsyncGenerator<Buffer> {
  if (!(await answers.next())) return;
  const time = local.mtime ?? 0;
  if (local.mtime !== undefined) {
    yield Buffer.from(`T${time} 0 ${time} 0\n`);
    if (!(await answers.next())) return;
  }
  const name = path.basename(local.file ?? 'content');
  yield Buffer.from(`C${local.mode.toString(8).padStart(4, '0')} ${local.size} ${name}\n`);
  if (!(await answers.next())) return;
  let current = 0;
  const chunks = local.bytes ? [Buffer.from(local.bytes)] : createReadStream(local.file!, { highWaterMark: 262144 });
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    current += chunk.length;
    yield chunk;
    report(current);
  }
  yield Buffer.from([0]);
  await answers.next();
}

/** The bytes by which scp answers; after a 1 or 2 comes a line that says why. */
class Answers {
  problem: string | undefined;
  private text = '';
  private over = false;
  private waiting: (() => void) | undefined;

  push(data: Buffer): void {
    this.text += data.toString('latin1');
    this.waiting?.();
  }

  end(): void {
    this.over = true;
    this.waiting?.();
  }

  /** Waits for the next answer; false where it is a refusal. */
  async next(): Promise<boolean> {
    for (;;) {
      const [code] = this.text;
      if (code === '\0') {
        this.text = this.text.slice(1);
        return true;
      }
      const end = this.text.indexOf('\n');
      if (code !== undefined && (end >= 0 || this.over)) {
        this.problem = Buffer.from(this.text.slice(1, end < 0 ? undefined : end), 'latin1')
          .toString()
          .trim();
        return false;
      }
      if (this.over) return false;
      await new Promise<void>((resolve) => (this.waiting = resolve));
    }
  }
}
