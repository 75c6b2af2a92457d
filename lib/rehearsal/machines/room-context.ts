import { randomBytes } from 'node:crypto';
import { GoldsmithError } from '../../errors';
import type { ResourceContext, RunContext } from '../../extension/context';

/**
 * The context in which a rehearsal's machines are made. They need no journal: their processes end with the rehearsal's, and their
 * files lie in its folder, which the next rehearsal clears.
 *
 * @param token what the next thing that is acquired is called
 */
export function roomContext(ctx: RunContext, token = randomBytes(8).toString('hex')): ResourceContext {
  return {
    ...ctx,
    force: false,
    previous: undefined,
    labels: {},
    acquire: async (kind, locator, create) => ({ kind, locator, token, id: await create(token) }),
    keep: () => Promise.resolve(),
    release: () => Promise.resolve(),
    writeOutput: () => Promise.reject(new GoldsmithError('INTERNAL', 'a machine of a rehearsal writes no output')),
  };
}
