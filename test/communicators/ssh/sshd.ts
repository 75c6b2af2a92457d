import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';

/** OpenSSH's server, which wants to be named by its full path. */
export const SSHD = '/usr/sbin/sshd';
/** Whether there is an SSH server here that can be started: it separates privileges, so root must start it. */
export const HAS_SSHD = fs.existsSync(SSHD) && process.getuid?.() === 0;
/** How to get one. */
export const NO_SSHD = 'there is no /usr/sbin/sshd, or this is not root: install openssh-server, run the tests as root';

/** An SSH server of the test's own, on a free port of the loopback. */
export interface Sshd {
  readonly host: string;
  readonly port: number;
  readonly dir: string;
  /** Files of its parts. */
  readonly hostKey: string;
  readonly userKey: string;
  readonly authorizedKeys: string;
  /** What it has logged. */
  log(): string;
  /** Ends it and all sessions that it has. */
  kill(): void;
  /** Ends it, as `kill`, and starts it again on the same port. */
  restart(): Promise<void>;
  /** Process ids of its sessions. */
  sessions(): number[];
  /** Resolves when it has ended, by itself or not. */
  ended(): Promise<void>;
  stop(): Promise<void>;
}

/** Options of {@link startSshd}. */
export interface SshdOptions {
  /** Lines for its configuration; the first word that is given wins. */
  readonly config?: readonly string[];
  readonly port?: number;
  /** Where it listens. @default '127.0.0.1' */
  readonly host?: string;
  /** What starts its command line. @default - nothing */
  readonly within?: readonly string[];
}

/** Starts one. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const { config = [], port: wanted, host = '127.0.0.1', within = [] } = options;
  fs.mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-sshd-'));
  const at = (name: string): string => path.join(dir, name);
  const port = wanted ?? (await freePort());
  makeKey(at('host'));
  makeKey(at('user'));
  fs.copyFileSync(at('user.pub'), at('authorized_keys'));
  const keywords = new Set(config.map((line) => line.split(' ')[0]));
  const defaults = [
    `Port ${port}`,
    `ListenAddress ${host}`,
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('authorized_keys')}`,
    `PidFile ${at('pid')}`,
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PrintMotd no',
    'LogLevel VERBOSE',
    'MaxStartups 200',
    'MaxSessions 10',
    'Subsystem sftp internal-sftp',
  ];
  const lines = [...defaults.filter((line) => !keywords.has(line.split(' ')[0])), ...config];
  fs.writeFileSync(at('config'), `${lines.join('\n')}\n`);
  let child: ChildProcess;
  let log = '';
  const start = async (): Promise<void> => {
    const [program, ...args] = [...within, SSHD, '-D', '-e', '-f', at('config')];
    child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr!.on('data', (data: Buffer) => (log += data.toString()));
    for (let tries = 0; !(await listens(host, port)); tries += 1) {
      if (tries > 400 || child.exitCode !== null) throw new Error(`sshd does not start: ${log}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const ended = (): Promise<void> =>
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => child.once('exit', () => resolve()));
  const sessions = (): number[] => descendants(child.pid!).filter((pid) => pid !== child.pid);
  const kill = (): void => {
    const all = sessions().filter((pid) => /^sshd/.test(commandOf(pid)));
    child.kill('SIGKILL');
    for (const pid of all) tryKill(pid);
  };
  await start();
  return {
    host,
    port,
    dir,
    ended,
    hostKey: at('host'),
    userKey: at('user'),
    authorizedKeys: at('authorized_keys'),
    log: () => log,
    kill,
    sessions,
    restart: async () => {
      kill();
      await ended();
      await start();
    },
    stop: async () => {
      kill();
      await ended();
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Makes a key pair with ssh-keygen: FILE and FILE.pub. */
export function makeKey(file: string, ...options: readonly string[]): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file, ...options]);
}

/** The fingerprint of a key, as ssh-keygen shows it. */
export function fingerprint(file: string): string {
  return execFileSync('ssh-keygen', ['-lf', file]).toString().split(' ')[1]!;
}

/** A port of the loopback that nobody uses. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function descendants(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const all = [pid];
  for (const one of all) all.push(...rows.filter(([, parent]) => parent === one).map(([child]) => child));
  return all;
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
