import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { updateObject, updateSession, type Update } from './com-updates';
import { scheduleService } from './com-tasks';
import { runShell } from './cmd';
import { NetDate } from './powershell/net';
import type { Streams } from './powershell/host';
import { PsError } from './powershell/values';

/** A machine as Windows shows it, in a folder of this one. Its commands really run. */
export class WindowsMachine {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-windows-'));
  readonly home: string;
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

  constructor() {
    for (const folder of ['Windows/Temp', 'Users/admin'])
      fs.mkdirSync(path.join(this.root, 'c', folder), { recursive: true });
    this.home = path.join(this.root, 'c/Users/admin');
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
        USERNAME: 'admin',
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
