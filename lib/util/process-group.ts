/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE = 5000;
/** The same once nobody holds the output open: then most likely only dead processes are left, which nobody has reaped yet. */
const SHORT_GRACE = 250;
const INTERVAL = 25;

/**
 * Ends a process group: SIGTERM, and SIGKILL for what is left of it after a grace period. Resolves when that is done.
 *
 * @param isClosed whether the output of the group is closed
 */
export async function endProcessGroup(
  leader: number,
  clock: { sleep(ms: number): Promise<void> },
  isClosed: () => boolean,
): Promise<void> {
  for (let waited = 0; waited < (isClosed() ? SHORT_GRACE : GRACE); waited += INTERVAL) {
    if (!signalGroup(leader, waited === 0 ? 'SIGTERM' : 0)) return;
    await clock.sleep(INTERVAL);
  }
  signalGroup(leader, 'SIGKILL');
}

/** False where nobody is left to get it. Windows has no groups: there the process alone gets it. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(process.platform === 'win32' ? leader : -leader, signal);
    return true;
  } catch {
    return false;
  }
}
