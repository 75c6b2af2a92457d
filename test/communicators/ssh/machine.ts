import * as os from 'node:os';
import * as path from 'node:path';
import { connectSsh, type SshTarget } from '../../../lib/communicators/ssh/connect';
import type { Clock, Communicator, ExecOptions, ExecResult } from '../../../lib/extension';
import { systemClock } from '../../../lib/engine/clock';
import { provisionContext, type TestContext } from '../../provisioners/support';
import type { Sshd } from './sshd';

/** A context for connecting; what it says is kept. */
export function sshContext(changes: Parameters<typeof provisionContext>[1] = {}): TestContext {
  return provisionContext(path.join(os.tmpdir()), { clock: systemClock, ...changes });
}

/** Where a server of the tests is, and the key that it takes. */
export function targetOf(sshd: Sshd, changes: Partial<SshTarget> = {}): SshTarget {
  return {
    host: sshd.host,
    port: sshd.port,
    username: 'root',
    privateKeyFile: sshd.userKey,
    hostKey: 'insecure',
    timeout: '10s',
    ...changes,
  };
}

const open: Communicator[] = [];

/** Connects; the connection ends with the test. */
export async function connect(target: SshTarget, ctx: TestContext = sshContext()): Promise<Communicator> {
  const machine = await connectSsh(target, ctx);
  open.push(machine);
  return machine;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((machine) => machine.close()));
});

/** What a command printed, and how it ended. */
export interface Ran {
  readonly result: ExecResult;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command. */
export async function run(machine: Communicator, command: string, options: Partial<ExecOptions> = {}): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const result = await machine.exec(command, {
    signal: new AbortController().signal,
    onOutput: (text, stream) => void (printed[stream] += text),
    ...options,
  });
  return { result, ...printed };
}

/** A clock that goes so many times faster than the real one: for what waits long. */
export function fastClock(times: number): Clock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) * times,
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}
