import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { updateObject, updateSession, type Update } from './com-updates';
import { scheduleService } from './com-tasks';
import { runShell } from './cmd';
import { NetDate } from './powershell/net';
import type { Streams } from './powershell/host';
import { PsError } from './powershell/values';

/** Milliseconds in which whoever asked for a shutdown hears that it is on its way. */
const GOODBYE = 500;

/** A machine as Windows shows it, in a folder of this one. Its commands really run. */
export class WindowsMachine {
  /** Folder of this machine that is its disk. */
  readonly root: string;
  readonly home: string;
  /** Where programs of this machine are found. */
  readonly searchPath: string;
  /** Set when it was prepared for others to start from it: they make passwords of their own. */
  generalized = false;
  readonly registry = new Set<string>();
  /** Who may log in; also for tasks. */
  readonly users = new Map<string, string>();
  /** What tasks ran as. */
  readonly tasks: {
    readonly user: string;
    readonly password: string | null;
    readonly logon: number;
    readonly xml: string;
  }[] = [];
  readonly schtasks: string[] = [];
  /** Ends a task that runs. */
  readonly running = new Map<string, () => void>();
  readonly updates: Update[] = [];
  readonly children = new Set<ChildProcess>();
  powershells = 0;
  bootTime = new Date();
  /** What `shutdown /r` answers. */
  restartCode = 0;
  restarts = 0;
  /** Called when the machine goes down. */
  onRestart: () => void = () => undefined;
  /** Called when it is shut down. */
  onShutdown: () => void = () => undefined;

  /** @param user whose home is where commands begin */
  constructor({
    root,
    searchPath,
    user,
  }: {
    readonly root: string;
    readonly searchPath: string;
    readonly user: string;
  }) {
    this.root = root;
    this.searchPath = searchPath;
    for (const folder of ['Windows/Temp', `Users/${user}`])
      fs.mkdirSync(path.join(this.root, 'c', folder), { recursive: true });
    this.home = path.join(this.root, `c/Users/${user}`);
  }

  /** Where the disk keeps who may log in, so that what starts from it knows them. */
  private get accounts(): string {
    return path.join(this.root, 'c/Windows/System32/config/SAM');
  }

  /** Reads who may log in from the disk. */
  readUsers(): void {
    if (!fs.existsSync(this.accounts)) return;
    const known = JSON.parse(fs.readFileSync(this.accounts, 'utf8')) as Readonly<Record<string, string>>;
    for (const [name, password] of Object.entries(known)) this.users.set(name, password);
  }

  /** Gives a user a password, and keeps it on the disk. */
  setPassword(user: string, password: string): void {
    this.users.set(user, password);
    fs.mkdirSync(path.dirname(this.accounts), { recursive: true, mode: 0o700 });
    fs.writeFileSync(this.accounts, JSON.stringify(Object.fromEntries(this.users)), { mode: 0o600 });
  }

  /** A path of Windows as one of this machine; names know no case. */
  path(windows: string): string {
    const [, drive, rest = windows] = /^([a-z]):[\\/]?(.*)$/is.exec(windows) ?? [];
    const absolute = drive !== undefined || /^[\\/]/.test(rest);
    let at = absolute ? path.join(this.root, (drive ?? 'c').toLowerCase()) : this.home;
    for (const part of rest.split(/[\\/]+/).filter((one) => one !== '')) {
      const exact = path.join(at, part);
      const other = fs.existsSync(exact)
        ? undefined
        : names(at).find((name) => name.toLowerCase() === part.toLowerCase());
      at = other === undefined ? exact : path.join(at, other);
    }
    return at;
  }

  /** Runs a command line of a user. */
  run(
    line: string,
    streams: Streams,
    signal: AbortSignal,
    env: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const own = new Map(
      Object.entries({
        OS: 'Windows_NT',
        SystemRoot: 'C:\\Windows',
        TEMP: 'C:\\Windows\\Temp',
        USERNAME: path.basename(this.home),
        COMPUTERNAME: 'WIN-TEST',
        ...env,
      }),
    );
    return runShell(line, { machine: this, env: own, streams, signal });
  }

  com(name: string): unknown {
    if (/^Schedule\.Service$/i.test(name)) return scheduleService(this);
    const update = updateObject(this, name);
    if (update) return update;
    if (/^Microsoft\.Update\.Session$/i.test(name)) return updateSession(this);
    throw new PsError(`Retrieving the COM class factory for component ${name} failed.`);
  }

  cim(name: string): unknown {
    if (/^Win32_OperatingSystem$/i.test(name)) return { LastBootUpTime: new NetDate(this.bootTime) };
    throw new PsError(`Invalid class "${name}"`);
  }

  /** Goes down after whoever asked for it has got an answer. */
  restartSoon(): void {
    this.restarts += 1;
    setTimeout(() => {
      this.bootTime = new Date(Date.now() + this.restarts * 1000);
      this.onRestart();
    }, 50);
  }

  /** The same, and it does not come back. */
  shutDownSoon(): void {
    setTimeout(() => this.onShutdown(), GOODBYE).unref();
  }

  async wait(ms: number, signal: AbortSignal): Promise<number> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
    return 0;
  }

  remove(): void {
    for (const stop of this.running.values()) stop();
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

function names(folder: string): string[] {
  return fs.existsSync(folder) && fs.statSync(folder).isDirectory() ? fs.readdirSync(folder) : [];
}
