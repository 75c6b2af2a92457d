import type { RunContext } from '../../extension/context';
import type { Engine } from './engine';
import { isUnreachable } from './errors';

/** Milliseconds in which an engine has done what it was asked for, but for the bytes that it must copy. */
const SETTLES = 2000;
/** Bytes a millisecond that a commit copies, on a slow disk. */
const SLOWEST = 20_000;
/** Milliseconds after which nothing more comes, whatever its size. */
const LONGEST = 600_000;

/**
 * Looks for something whose creation was asked for and never answered. The engine goes on with what it was asked for when whoever
 * asked has died: a commit of some gigabytes comes out a minute later. So what is not there yet is waited for.
 *
 * @param name under which it would be found
 * @param container what is copied, where it is a commit
 */
export async function findLost<T>(
  engine: Engine,
  name: string,
  find: () => Promise<T | undefined>,
  container: string | undefined,
  ctx: RunContext,
): Promise<T | undefined> {
  const found = await find();
  if (found !== undefined || engine.refused.has(name)) return found;
  const bytes = container === undefined ? 0 : await engine.sizeOf(container);
  const timeout = Math.min(SETTLES + bytes / SLOWEST, LONGEST);
  try {
    return await ctx.poll(`${name} to come out after all`, find, { timeout, interval: 50, maxInterval: 1000 });
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (isUnreachable(error)) throw error;
    return find();
  }
}

/** Creates something; an error with which the engine answers is remembered, for then nothing comes out later. */
export async function creating(engine: Engine, name: string, create: () => Promise<string>): Promise<string> {
  try {
    return await create();
  } catch (error) {
    if (!isUnreachable(error)) engine.refused.add(name);
    throw error;
  }
}
