import { GoldsmithError, type ErrorCode } from '../errors';
import type { RunContext } from '../extension/context';

const UNREACHABLE: readonly ErrorCode[] = ['CONNECT_FAILED', 'CONNECTION_LOST'];

/**
 * Tries something again for `timeout` milliseconds while the machine cannot be reached: it may be restarting. What fails
 * for another reason, or for the last time, fails as it did. The action is told how many milliseconds are left.
 */
export async function whenReachable<T>(
  ctx: RunContext,
  timeout: number,
  action: (left: number) => Promise<T>,
): Promise<T> {
  const deadline = ctx.clock.now() + timeout;
  for (let wait = 100; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await action(Math.max(1, deadline - ctx.clock.now()));
    } catch (error) {
      const unreachable = GoldsmithError.is(error) && UNREACHABLE.includes(error.code);
      if (!unreachable || ctx.clock.now() + wait > deadline) throw error;
      await ctx.clock.sleep(wait, ctx.signal);
    }
  }
}
