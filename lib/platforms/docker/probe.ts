import { messageOf, GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import type { PlatformProbe } from '../../extension/platform';
import { withEngine } from './open-engine';

/** Whether an engine answers, and which. */
export async function probe(ctx: RunContext): Promise<PlatformProbe> {
  try {
    return await withEngine(ctx, async (engine) => ({
      ok: true,
      detail: `an engine answers at ${engine.endpoint.url} (${engine.endpoint.origin})`,
    }));
  } catch (error) {
    const fix = GoldsmithError.is(error) ? error.hint : undefined;
    return { ok: false, detail: messageOf(error), ...(fix !== undefined && { fix }) };
  }
}
