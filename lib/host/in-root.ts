import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GoldsmithError } from '../errors';
import type { TransferOptions } from '../extension/communicator';
import type { RunContext } from '../extension/context';
import { ToolFailed } from '../util/tool-failed';
import { readTool, runTool } from './stream-tool';
import { batched } from './tar/batch';
import { readTar } from './tar/reader';
import { encodeHeader, END, fill } from './tar/writer';

/** Another root file system, and a way into it. */
export interface InRoot {
  /** Runs shell text as its root, and gives what that prints; `t cat …` in it is cat, wherever that is had from. */
  shell(
    text: string,
    args: readonly string[],
    ctx: RunContext,
    input?: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Buffer>;
}

/**
 * Files go through programs that run inside the machine, and see its root as theirs: a link in it, wherever it points, leads nowhere but
 * into the machine itself.
 */
const PUT = `case $1 in */*) d=\${1%/*};; *) d=.;; esac
if [ ! -d "\${d:-/}" ]; then echo "the folder \${d:-/} is not there" >&2; exit 1; fi
if [ -d "$1" ]; then echo "$1 is a folder" >&2; exit 1; fi
if t cat > "$2" && t chmod "$3" "$2" && t mv -T -- "$2" "$1"; then exit 0; fi
t rm -f "$2"
exit 1`;

/** Copies a file, or bytes, into the machine. */
export async function uploadFile(
  root: InRoot,
  local: string | Uint8Array,
  remote: string,
  options: TransferOptions & { readonly mode?: number },
  ctx: RunContext,
): Promise<void> {
  const stat =
    typeof local === 'string'
      ? await fs.stat(local).catch((error: unknown) => fail(error, `copying ${local}`))
      : undefined;
  const mode = options.mode ?? (stat ? stat.mode & 0o7777 : 0o644);
  const total = stat?.size ?? (local as Uint8Array).length;
  const temporary = `${remote}.goldsmith-${randomBytes(4).toString('hex')}`;
  const bytes = typeof local === 'string' ? createReadStream(local) : [local];
  try {
    await script(
      root,
      PUT,
      [remote, temporary, mode.toString(8)],
      ctx,
      counted(bytes, `upload ${path.basename(remote)}`, total, options),
    );
  } catch (error) {
    // Ended in the middle, the program could not tidy up. This must be done though all else is over.
    if (ctx.signal.aborted)
      await script(root, 't rm -f "$1"', [temporary], { ...ctx, signal: new AbortController().signal }).catch(
        () => undefined,
      );
    fail(error, `copying to ${remote}`);
  }
}

/** Copies what is in a folder into a folder of the machine. Folders that are there already stay as they are. */
export async function uploadDirectory(
  root: InRoot,
  local: string,
  remote: string,
  options: TransferOptions,
  ctx: RunContext,
): Promise<void> {
  const pack = [
    'tar',
    '--create',
    '--file=-',
    '--format=pax',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    `--directory=${local}`,
    '.',
  ];
  const unpack =
    't mkdir -p -- "$1" && t tar --extract --file=- --directory="$1" --same-permissions --numeric-owner --keep-directory-symlink --no-overwrite-dir --warning=no-timestamp';
  const bytes = counted(readTool(pack, ctx), `upload ${path.basename(local)}`, undefined, options);
  await script(root, unpack, [remote], ctx, bytes).catch((error: unknown) =>
    fail(error, `copying ${local} to ${remote}`),
  );
}

/** Copies a file of the machine. */
export async function downloadFile(
  root: InRoot,
  remote: string,
  local: string,
  options: TransferOptions,
  ctx: RunContext,
): Promise<void> {
  const temporary = `${local}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const bytes = counted(
      root.shell('t cat -- "$1"', [remote], ctx),
      `download ${path.basename(remote)}`,
      undefined,
      options,
    );
    await pipeline(bytes, createWriteStream(temporary, { flags: 'wx' }), { signal: ctx.signal });
    await fs.rename(temporary, local);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    fail(error, `copying ${remote} from the machine`);
  }
}

/** Copies what is in a folder of the machine. Devices and rights to become another user stay there. */
export async function downloadDirectory(
  root: InRoot,
  remote: string,
  local: string,
  options: TransferOptions,
  ctx: RunContext,
): Promise<void> {
  const pack = 't tar --create --file=- --format=pax --sort=name --numeric-owner --directory="$1" .';
  const bytes = counted(root.shell(pack, [remote], ctx), `download ${path.basename(remote)}`, undefined, options);
  const unpack = [
    'tar',
    '--extract',
    '--file=-',
    `--directory=${local}`,
    '--no-same-owner',
    '--same-permissions',
    '--no-overwrite-dir',
    '--warning=no-timestamp',
  ];
  try {
    await fs.mkdir(local, { recursive: true });
    await runTool(unpack, ctx, { input: batched(harmless(bytes)) });
  } catch (error) {
    fail(error, `copying ${remote} from the machine`);
  }
}

async function* harmless(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const { entry, body } of readTar(tar)) {
    if (entry.name === '' || !['file', 'directory', 'symlink', 'link'].includes(entry.type)) continue;
    yield encodeHeader({ ...entry, mode: entry.mode & 0o777, xattrs: new Map() });
    if (entry.type !== 'file') continue;
    yield* body();
    yield fill(entry.size);
  }
  yield END;
}

async function script(
  root: InRoot,
  text: string,
  args: readonly string[],
  ctx: RunContext,
  input?: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const part of root.shell(text, args, ctx, input)) void part;
}

async function* counted(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  label: string,
  total: number | undefined,
  { onProgress }: TransferOptions,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const part of source) {
    current += part.length;
    onProgress?.({ label, current, unit: 'bytes', ...(total !== undefined && { total }) });
    yield part;
  }
}

function fail(error: unknown, doing: string): never {
  if (GoldsmithError.is(error) || (error as Error).name === 'AbortError') throw error;
  if (error instanceof ToolFailed) {
    const busy = /busy/i.test(error.complaint)
      ? { hint: "/etc/resolv.conf and /etc/hosts are the sandbox's own while it runs, and no part of the image" }
      : {};
    const code = /no space left/i.test(error.complaint) ? 'NO_SPACE' : 'TRANSFER_FAILED';
    throw new GoldsmithError(code, `${doing} failed: ${error.complaint || error.ended}`, { cause: error, ...busy });
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && code.startsWith('E'))
    throw new GoldsmithError(code === 'ENOSPC' ? 'NO_SPACE' : 'TRANSFER_FAILED', `${doing} failed: ${message}`, {
      cause: error,
    });
  throw error;
}
