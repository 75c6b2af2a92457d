import * as os from 'node:os';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../errors';
import type { Communicator, ExecOptions, ExecResult, TransferOptions } from '../extension/communicator';
import type { Clock } from '../extension/context';
import { runProcess } from '../util/spawn';
import { copyFile, copyTree } from './local-copy';

/** What the local communicator needs of the run. */
export interface LocalOptions {
  readonly clock: Clock;
  /** Environment of the commands. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where commands start, and what relative paths start from. */
  readonly cwd: string;
}

/** This machine as the machine that is provisioned: commands are child processes, transfers are copies. */
export function localCommunicator({ clock, env, cwd }: LocalOptions): Communicator {
  const at = (file: string): string => path.resolve(cwd, file);
  return {
    guest: 'unix',
    facts: { ID: os.hostname(), Host: 'localhost', User: userName(), ConnType: 'local' },

    async exec(command: string, { signal, stdin, user, onOutput }: ExecOptions): Promise<ExecResult> {
      const [file, ...args] = user === undefined ? ['/bin/sh', '-c', command] : asUser(user, command);
      const end = await runProcess(file!, args, {
        cwd,
        env,
        signal,
        clock,
        ...(stdin !== undefined && { stdin }),
        ...(onOutput && { onOutput }),
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw new GoldsmithError('CONNECT_FAILED', `${file} could not be started: ${messageOf(error)}`, {
          cause: error,
        });
      });
      return 'code' in end ? { ended: 'exit', code: end.code } : { ended: 'signal', signal: end.signal };
    },

    uploadFile: (local, remote, options) => transfer(local, remote, () => copyFile(local, at(remote), options)),

    uploadDirectory: (local, remote, options) => transfer(local, remote, () => copyTree(local, at(remote), options)),

    downloadFile: (remote, local, options) => transfer(remote, local, () => copyFile(at(remote), local, options)),

    downloadDirectory: (remote, local, options: TransferOptions) =>
      transfer(remote, local, () => copyTree(at(remote), local, options)),

    close: () => Promise.resolve(),
  };
}

async function transfer(from: string | Uint8Array, to: string, copy: () => Promise<void>): Promise<void> {
  try {
    await copy();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof GoldsmithError) throw error;
    const what = typeof from === 'string' ? from : 'the content';
    if (code === 'ENOSPC')
      throw new GoldsmithError('NO_SPACE', `the disk is full: ${what} could not be copied to ${to}`);
    const hint = TRANSFER_HINTS[code];
    throw new GoldsmithError('TRANSFER_FAILED', `${what} could not be copied to ${to}: ${messageOf(error)}`, {
      hint,
      cause: error,
    });
  }
}

const TRANSFER_HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'the file, or the folder that it shall go to, does not exist',
  EISDIR: 'a folder is there: end the destination with a slash to put the file into it',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EACCES: 'the login user may not do this: copy to a place of its own, then move it by a shell step',
};

function asUser(user: string, command: string): string[] {
  if (user === userName()) return ['/bin/sh', '-c', command];
  return ['/bin/su', user, '-s', '/bin/sh', '-c', command];
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A user id without a name, as in containers.
    return String(process.getuid?.() ?? '');
  }
}
