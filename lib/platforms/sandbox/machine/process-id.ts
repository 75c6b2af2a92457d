import * as fs from 'node:fs';

/** A process for as long as it lives: pids are used again, together with their start they are not. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks after boot: field 22 of /proc/PID/stat, proc(5). */
  readonly started: string;
}

/** The identity of a process; undefined where there is none of that pid. */
export function identify(pid: number): ProcessId | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in brackets, with anything in it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { pid, started: fields[19]! };
  } catch {
    return undefined;
  }
}

/** Whether it still runs. */
export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.started === id.started;
}

/** Kills it, if it still runs. */
export function kill(id: ProcessId): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
