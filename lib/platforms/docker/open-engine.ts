import type { RunContext } from '../../extension/context';
import { withinTime } from '../../util/within-time';
import { Client } from './client';
import { findEndpoint } from './endpoint';
import { Engine } from './engine';
import { unreachable } from './errors';

type OpenContext = Pick<RunContext, 'env' | 'clock' | 'signal'>;

/** Milliseconds for the first answer: what is far away may take a moment, what is behind a firewall never answers. */
const PATIENCE = 10_000;

/** The engine that the environment names, when it has answered. */
export async function openEngine({ env, clock, signal }: OpenContext): Promise<Engine> {
  const endpoint = await findEndpoint(env);
  const engine = new Engine(new Client(endpoint));
  const late = (): Error => unreachable(endpoint, new Error(`no answer within ${PATIENCE / 1000} s`));
  try {
    await withinTime(clock, PATIENCE, signal, late, (inTime) => engine.ping(inTime));
    return engine;
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** Does something with the engine, and closes its connections. */
export async function withEngine<T>(ctx: OpenContext, body: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openEngine(ctx);
  try {
    return await body(engine);
  } finally {
    engine.close();
  }
}
