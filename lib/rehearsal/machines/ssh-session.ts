import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { ServerChannel, Session } from 'ssh2';
import { scpOf, serveScp } from './scp';
import { serveSftp } from './sftp';
import type { Door } from './ssh-front';

/** Who is logged in, and where. */
export interface Login {
  readonly door: Door;
  readonly user: string;
}

/** Serves one session of a connection: a command, a shell, or files. */
export function serveSession(session: Session, login: Login): void {
  const env: Record<string, string> = {};
  let child: ChildProcessWithoutNullStreams | undefined;
  let terminal = false;
  session.on('pty', (accept) => {
    terminal = true;
    accept?.();
  });
  session.on('env', (accept, _reject, { key, val }: { key: string; val: string }) => {
    if (/^(LANG|LC_\w+)$/.test(key)) env[key] = val;
    accept?.();
  });
  session.on('window-change', (accept) => accept?.());
  session.on('signal', (accept, _reject, { name }) => {
    kill(child, `SIG${name}` as NodeJS.Signals);
    accept?.();
  });
  const start = (channel: ServerChannel, command: string): void => {
    channel.on('error', () => undefined);
    void run(channel, command, login, env, terminal)
      .then((running) => (child = running))
      .catch((error: unknown) => fail(channel, error));
  };
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    const scp = scpOf(command);
    if (scp === undefined) start(channel, command);
    else void serveScp(channel, scp, login).catch((error: unknown) => fail(channel, error));
  });
  session.on('shell', (accept) => start(accept(), 'exec /bin/sh -l'));
  session.on('sftp', (accept) => serveSftp(accept(), login));
}

async function run(
  channel: ServerChannel,
  command: string,
  { door, user }: Login,
  env: Readonly<Record<string, string>>,
  terminal: boolean,
): Promise<ChildProcessWithoutNullStreams> {
  const computer = await door.computer();
  const home = door.homeOf(user);
  const runAs = door.runAs(user);
  const child = await computer.run(`cd "$HOME" 2>/dev/null || cd /\n${command}`, {
    ...(runAs !== undefined && { user: runAs }),
    env: { ...env, HOME: home, USER: user, LOGNAME: user, SHELL: '/bin/sh', ...(terminal && { TERM: 'xterm' }) },
  });
  child.stdin.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  // A terminal has one output for both.
  child.stderr.pipe(terminal ? channel : channel.stderr, { end: false });
  let ended: [number | null, NodeJS.Signals | null] = [255, null];
  child.once('exit', (code, signal) => {
    ended = [code, signal];
    // What a command leaves running may hold its output open: sshd waits for that no longer than this either.
    const open = setTimeout(() => finish(), DRAIN);
    child.once('close', () => clearTimeout(open));
  });
  const finish = (): void => {
    if (!channel.writable) return;
    const [code, signal] = ended;
    if (signal === null) channel.exit(code ?? 255);
    else channel.exit(signal.slice(3), false);
    channel.end();
  };
  child.once('close', finish);
  child.once('error', () => finish());
  // As with sshd, a command whose connection breaks loses its input, and one with a terminal is hung up.
  channel.once('close', () => {
    child.stdin.end();
    if (terminal) kill(child, 'SIGHUP');
  });
  return child;
}

/** Milliseconds that output may stay open after a command has ended. */
const DRAIN = 1000;

function kill(child: ChildProcessWithoutNullStreams | undefined, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

function fail(channel: ServerChannel, error: unknown): void {
  channel.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  channel.exit(255);
  channel.end();
}
