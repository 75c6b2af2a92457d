import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { GoldsmithError } from '../../errors';
import type { Communicator, ExecOptions, ExecResult, TransferOptions } from '../../extension/communicator';
import { sha256 } from '../../plan/digest';
import type { FakeCall, Faults } from './faults';
import type { FakeWorld, MutableThing } from './world';

/** A command that a fake machine was told to run. */
export interface FakeCommand {
  readonly machine: string;
  readonly command: string;
  /** What it was given to read. */
  readonly stdin: string;
}

/** How a fake machine answers a command. */
export interface FakeAnswer {
  /** @default 0 */
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Answers commands; undefined: the command works and prints nothing. */
export type FakeShell = (command: FakeCommand) => FakeAnswer | undefined;

/** What the machines of a platform share. */
export interface FakeInside {
  readonly world: FakeWorld;
  readonly faults: Faults;
  readonly commands: FakeCommand[];
  shell: FakeShell;
}

/** A connection to a fake machine: commands are written down, files are kept in memory. */
export function fakeCommunicator(machine: MutableThing, inside: FakeInside): Communicator {
  const call = (verb: FakeCall['verb'], about: string): FakeCall => ({ verb, node: machine.node, about });
  const isThere = (): boolean => inside.world.byId(machine.id) !== undefined;

  const put = async (bytes: Uint8Array, remote: string, { signal, onProgress }: TransferOptions): Promise<void> => {
    await inside.faults.begin(call('upload', remote), signal);
    signal.throwIfAborted();
    onProgress?.({ label: `upload ${remote}`, current: bytes.length, total: bytes.length, unit: 'bytes' });
    machine.files.set(remote, bytes);
    machine.history.push(`upload ${remote} ${sha256(bytes).slice(0, 12)}`);
  };
  const get = async (remote: string, { signal }: TransferOptions): Promise<Uint8Array> => {
    await inside.faults.begin(call('download', remote), signal);
    const bytes = machine.files.get(remote);
    if (bytes) return bytes;
    throw new GoldsmithError('TRANSFER_FAILED', `the machine has no file \`${remote}\``);
  };

  return {
    guest: 'unix',
    facts: { Host: `${machine.id}.fake.test`, User: 'root' },
    async exec(command: string, options: ExecOptions): Promise<ExecResult> {
      const entry = { machine: machine.id, command, stdin: await textOf(options.stdin) };
      await inside.faults.begin(call('exec', command), options.signal);
      options.signal.throwIfAborted();
      if (!isThere()) return { ended: 'disconnect' };
      inside.commands.push(entry);
      machine.history.push(entry.stdin === '' ? command : `${command} < ${entry.stdin}`);
      const { code = 0, stdout, stderr } = inside.shell(entry) ?? {};
      if (stdout !== undefined) options.onOutput?.(stdout, 'stdout');
      if (stderr !== undefined) options.onOutput?.(stderr, 'stderr');
      await inside.faults.at('after', call('exec', command), options.signal);
      return { ended: 'exit', code };
    },
    async uploadFile(local, remote, options) {
      await put(typeof local === 'string' ? await fs.readFile(local) : local, remote, options);
    },
    async uploadDirectory(local, remote, options) {
      for (const file of await filesBelow(local))
        await put(await fs.readFile(path.join(local, file)), `${remote.replace(/\/$/, '')}/${file}`, options);
    },
    async downloadFile(remote, local, options) {
      await fs.writeFile(local, await get(remote, options));
    },
    async downloadDirectory(remote, local, options) {
      const prefix = `${remote.replace(/\/$/, '')}/`;
      for (const file of [...machine.files.keys()].filter((one) => one.startsWith(prefix))) {
        const target = path.join(local, file.slice(prefix.length));
        await fs.mkdir(path.dirname(target), { recursive: true });
        await fs.writeFile(target, await get(file, options));
      }
    },
    close: () => Promise.resolve(),
  };
}

async function textOf(stdin: ExecOptions['stdin']): Promise<string> {
  if (stdin === undefined || typeof stdin === 'string') return stdin ?? '';
  if (!(stdin instanceof Readable)) return Buffer.from(stdin).toString();
  const pieces: Buffer[] = [];
  for await (const piece of stdin) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces).toString();
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}
