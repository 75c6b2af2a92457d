import * as fs from 'node:fs';
import * as os from 'node:os';

/** Names one process for ever: a pid alone is used again. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Start time in clock ticks since boot, and which boot: only on Linux. */
  readonly start?: string;
  readonly boot?: string;
}

/** Who this process is. */
export function ownIdentity(): ProcessIdentity {
  return identityOf(process.pid);
}

/** Who a process of this host is that runs now. */
export function identityOf(pid: number): ProcessIdentity {
  const start = startOf(pid);
  const boot = bootId();
  return {
    pid,
    host: os.hostname(),
    ...(start !== undefined && { start }),
    ...(boot !== undefined && { boot }),
  };
}

/** Whether a process still runs. One on another host counts as alive: nobody here can know. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot !== undefined && identity.boot !== bootId() && identity.host === os.hostname()) return false;
  if (identity.host !== os.hostname()) return true;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return identity.start === undefined || identity.start === startOf(identity.pid);
}

function startOf(pid: number): string | undefined {
  try {
    // Field 22 of proc(5); the second field may hold spaces, so count from its closing bracket.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function bootId(): string | undefined {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
}
