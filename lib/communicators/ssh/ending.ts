import type { ClientChannel } from 'ssh2';
import type { ExecResult } from '../../extension/communicator';
import type { Clock } from '../../extension/context';

/** How long the output may be silent, in milliseconds, after a command ended: what it left running holds it open. */
const DRAIN = 500;

/** How a command ended: by the exit its server told, else its connection was lost. */
export async function ending(
  channel: ClientChannel,
  exited: Promise<ExecResult>,
  clock: Clock,
  quiet: Quiet,
): Promise<ExecResult> {
  const closed = new AbortController();
  const close = new Promise<ExecResult>((resolve) => {
    channel.once('close', () => {
      closed.abort();
      resolve({ ended: 'disconnect' });
    });
  });
  const result = await Promise.race([exited, close]);
  // Most servers close at once. What was left running may hold the channel open for ever.
  await Promise.race([close, quiet.wait(clock, DRAIN, closed.signal).catch(() => undefined)]);
  channel.close();
  return result;
}

/** Waits for silence. */
export class Quiet {
  private noises = 0;

  /** Something was heard. */
  noise(): void {
    this.noises += 1;
  }

  /** Resolves when nothing was heard for `time` milliseconds. */
  async wait(clock: Clock, time: number, signal: AbortSignal): Promise<void> {
    for (let heard = -1; heard !== this.noises;) {
      heard = this.noises;
      await clock.sleep(time, signal);
    }
  }
}
