import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../../errors';
import type { ExecResult, TransferOptions } from '../../extension/communicator';
import { powershellCommand, powershellProgram, psQuote } from '../../util/powershell';
import { Tail } from '../../util/tail';
import { withinTime } from '../../util/within-time';
import { offerFile } from './file-server';
import type { Line } from './line';
import { runCommand, type Command } from './run';
import { FETCH, RECEIVE } from './transfer-scripts';

/** What goes over: folders, and files with their names on the machine. */
export interface Entry {
  readonly name: string;
  /** A file's path here, or its bytes; a folder where it is not given. */
  readonly source?: string | Uint8Array;
}

const FULL = /not enough space|ERROR_DISK_FULL|0x80070070/i;
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/could not find a part of|DirectoryNotFound/i, 'the folder that it shall go to does not exist'],
  [/is a folder/, 'a folder is there: end the destination with a slash to put the file into it'],
  [/denied|UnauthorizedAccess/i, 'the login user may not do this: copy to a place of its own, then move it by a step'],
];

/** A name beside a file for what is not whole yet. */
export function partMark(): string {
  return `goldsmith-${randomBytes(6).toString('hex')}`;
}

/** Sends entries as one stream of lines to one command: it starts PowerShell once, however many they are. */
export async function sendEntries(
  line: Line,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  what: { readonly label: string; readonly total?: number },
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const mark = partMark();
  const sending: { name?: string } = {};
  let current = 0;
  // Base64 of base64, in a frame: so a line fills a message.
  const most = Math.floor(((line.settings.envelopeSize - 3100) * 9) / 16 / 3) * 3;
  const lines = async function* (): AsyncGenerator<Buffer> {
    for await (const { name, source } of entries) {
      yield Buffer.from(`${source === undefined ? 'd' : 'f'}${base64(name)}\r\n`);
      if (source === undefined) continue;
      sending.name = name;
      const hash = createHash('sha256');
      for await (const chunk of chunksOf(source, most)) {
        hash.update(chunk);
        yield Buffer.from(`=${chunk.toString('base64')}\r\n`);
        current += chunk.length;
        onProgress?.({
          label: what.label,
          current,
          ...(what.total !== undefined && { total: what.total }),
          unit: 'bytes',
        });
      }
      yield Buffer.from(`e${hash.digest('hex')}\r\n`);
    }
  };
  const command = powershellCommand(RECEIVE.replace('MARK', mark));
  try {
    await runTransfer(line, { command, stdin: packed(lines(), most), signal }, `copying ${what.label} to the machine`);
  } catch (error) {
    if (sending.name !== undefined) await removeParts(line, [`${sending.name}.${mark}`]);
    throw error;
  }
}

/** Has the machine fetch a file from here. False: there is no way from there to here. */
export async function letFetch(
  line: Line,
  file: string,
  remote: string,
  address: { readonly host: string; readonly port?: number | undefined },
  { signal, onProgress }: TransferOptions,
): Promise<boolean> {
  const hash = createHash('sha256');
  let total = 0;
  for await (const chunk of fs.createReadStream(file)) {
    signal.throwIfAborted();
    hash.update(chunk as Buffer);
    total += (chunk as Buffer).length;
  }
  const mark = partMark();
  const offer = await offerFile(file, total, address, (current) =>
    onProgress?.({ label: remote, current, total, unit: 'bytes' }),
  );
  try {
    const facts: Readonly<Record<string, string>> = {
      PATH: psQuote(remote),
      URL: psQuote(offer.url),
      SUM: psQuote(hash.digest('hex')),
      MARK: mark,
    };
    const script = FETCH.replace(/\b(PATH|URL|SUM|MARK)\b/g, (name) => facts[name]!);
    const doing = `having the machine fetch ${remote}`;
    const code = await runTransfer(line, { ...powershellProgram(script), signal }, doing, [0, 3]);
    return code === 0;
  } catch (error) {
    await removeParts(line, [`${remote}.${mark}`]);
    throw error;
  } finally {
    await offer.close();
  }
}

/** Runs a command that moves files; says in words what went wrong. Answers its exit code. */
export async function runTransfer(
  line: Line,
  command: Command,
  doing: string,
  allowed: readonly number[] = [0],
): Promise<number> {
  const errors = new Tail();
  const result: ExecResult = await runCommand(line, {
    ...command,
    onData: (data, stream) => {
      if (stream === 'stderr') errors.push(data.toString('utf8'));
      else return command.onData?.(data, stream);
    },
  }).catch((error: unknown) => {
    if (!GoldsmithError.is(error) || error.code !== 'STEP_FAILED') throw error;
    throw new GoldsmithError('TRANSFER_FAILED', `${doing} failed: ${error.message}`, error);
  });
  if (result.ended === 'exit' && allowed.includes(result.code)) return result.code;
  if (result.ended !== 'exit') throw new GoldsmithError('CONNECTION_LOST', `the connection broke off while ${doing}`);
  const said = errors.toString().trim();
  const why = said === '' ? `exit code ${result.code}` : said;
  if (FULL.test(said)) throw new GoldsmithError('NO_SPACE', `the disk of the machine is full: ${doing} failed`);
  throw new GoldsmithError('TRANSFER_FAILED', `${doing} failed: ${why}`, {
    hint: HINTS.find(([pattern]) => pattern.test(said))?.[1],
  });
}

/** Milliseconds that cleaning up after a failure may take: the machine may be gone. */
const CLEANUP = 5000;

/** Removes what was left under temporary names; as well as it can, also of a run that is cancelled. */
async function removeParts(line: Line, names: readonly string[]): Promise<void> {
  const late = (): Error => new Error('it took too long');
  const script = names
    .map((name) => `Remove-Item -LiteralPath ${psQuote(name)} -Force -ErrorAction SilentlyContinue`)
    .join('\n');
  await withinTime(line.ctx.clock, CLEANUP, new AbortController().signal, late, (signal) =>
    runCommand(line, { ...powershellProgram(script), signal }),
  ).catch(() => undefined);
}

async function* chunksOf(source: string | Uint8Array, size: number): AsyncGenerator<Buffer> {
  if (typeof source !== 'string') {
    const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    return;
  }
  try {
    for await (const chunk of fs.createReadStream(source, { highWaterMark: size })) yield chunk as Buffer;
  } catch (error) {
    throw new GoldsmithError('TRANSFER_FAILED', `${source} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Small lines together: each piece is a round trip. */
async function* packed(lines: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const line of lines) {
    if (length > 0 && length + line.length > (most * 4) / 3) {
      yield Buffer.concat(waiting);
      [waiting, length] = [[], 0];
    }
    waiting.push(line);
    length += line.length;
  }
  if (length > 0) yield Buffer.concat(waiting);
}

/** What is in a folder, folders before what is in them. Links are followed: Windows lets few users make them. */
export async function* entriesOf(local: string, remote: string): AsyncGenerator<Entry> {
  yield { name: remote };
  for (const { name } of await fs.promises.readdir(local, { withFileTypes: true })) {
    const source = path.join(local, name);
    const stat = await fs.promises.stat(source);
    if (stat.isDirectory()) yield* entriesOf(source, `${remote}/${name}`);
    else if (stat.isFile()) yield { name: `${remote}/${name}`, source };
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
