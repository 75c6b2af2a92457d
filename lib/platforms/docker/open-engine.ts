import type { RunContext } from '../../extension/context';
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
  const late = new AbortController();
  const answered = new AbortController();
  const over = unreachable(endpoint, new Error(`no answer within ${PATIENCE / 1000} s`));
  const timer = clock.sleep(PATIENCE, answered.signal).then(
    () => late.abort(over),
    () => undefined,
  );
  try {
    await engine.ping(AbortSignal.any([signal, late.signal]));
    return engine;
  } catch (error) {
    engine.close();
    throw error;
  } finally {
    answered.abort();
    await timer;
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
