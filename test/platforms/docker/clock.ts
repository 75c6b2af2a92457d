import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../lib/extension/context';

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal && { signal }).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
  },
};
