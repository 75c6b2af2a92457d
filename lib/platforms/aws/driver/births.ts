import { GoldsmithError } from '../../../errors';
import type { Clock, ResourceContext } from '../../../extension/context';
import { AwsError } from '../api/errors';

/** How long AWS may take until what was made is seen wherever it is deleted. AWS names no figure: it is of the order of seconds. */
export const SEEN_AFTER = 10_000;

/** When this process began to make things, by their tokens. What was made just now may not be seen where it is deleted. */
export class Births {
  private readonly times = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** The same context, which notes what is made by it. */
  watch<T extends ResourceContext>(ctx: T): T {
    return {
      ...ctx,
      acquire: (kind, locator, create) => {
        let refused = false;
        return ctx.acquire(kind, locator, async (token) => {
          try {
            return await create(token);
          } catch (error) {
            // AWS said no: nothing was made, and nobody needs to wait until it is seen.
            refused = GoldsmithError.is(error) && !(error instanceof AwsError && error.doubtful);
            throw error;
          } finally {
            if (!refused) this.times.set(token, this.clock.now());
          }
        });
      },
    };
  }

  /** Whether it was made, or may have been, so short a time ago that it may not be seen. */
  isYoung(token: string): boolean {
    const born = this.times.get(token);
    return born !== undefined && this.clock.now() - born < SEEN_AFTER;
  }
}
