import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import { parseDuration } from '../../util/duration';

/** How long services and ports may take where nothing else is said: they start after the machine answers. */
export const WITHIN = '30s';

/** What a look at something showed. */
export interface Look {
  readonly wrong: readonly string[];
  readonly output?: string | undefined;
  /** It cannot get better. */
  readonly final?: boolean;
}

/** Looks until nothing is wrong, nothing can get better, or the time is up: then the last look counts. */
export async function lookUntil(
  what: string,
  within: string,
  ctx: RunContext,
  look: () => Promise<Look>,
): Promise<Look> {
  let last: Look = { wrong: [] };
  const probe = async (): Promise<Look | undefined> => {
    last = await look();
    return last.wrong.length === 0 || last.final === true ? last : undefined;
  };
  try {
    return await ctx.poll(what, probe, { timeout: parseDuration(within), maxInterval: 1000 });
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!GoldsmithError.is(error) || error.code !== 'STEP_TIMEOUT') throw error;
    return parseDuration(within) === 0
      ? last
      : { ...last, wrong: last.wrong.map((text) => `${text}, also after ${within}`) };
  }
}
