import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Clock, RunContext } from '../extension/context';
import { systemClock } from './clock';
import type { RunEventBody } from './events';

/** What a context outside of a run needs to know. */
export interface IdleOptions {
  readonly projectDir: string;
  readonly stateDir: string;
  readonly tempDir: string;
  /** Id of the run that is looked after, if any. */
  readonly run?: string;
  readonly app?: string;
  readonly node?: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly emit?: ((event: RunEventBody) => void) | undefined;
}

/** A context for looking at platforms and deleting on them, where no run goes on. */
export function idleContext(options: IdleOptions): RunContext {
  const { node = '', clock = systemClock, signal = new AbortController().signal } = options;
  const say = (level: 'info' | 'warning', text: string): void => options.emit?.({ type: 'message', level, node, text });
  return {
    signal,
    clock,
    projectDir: path.resolve(options.projectDir),
    stateDir: options.stateDir,
    tempDir: options.tempDir,
    env: options.env ?? {},
    run: { id: options.run ?? 'none', app: options.app ?? '', startedAt: clock.now() },
    node: { id: node },
    output: () => undefined,
    say: (text) => say('info', text),
    warn: (text) => say('warning', text),
    progress: () => undefined,
    secret: () => undefined,
    resolvePath: (file) => path.resolve(options.projectDir, file),
    poll: async (what, probe, { timeout = 60_000, interval = 100 } = {}) => {
      for (const end = clock.now() + timeout; clock.now() < end; await clock.sleep(interval, signal)) {
        const found = await probe();
        if (found !== undefined) return found;
      }
      throw new GoldsmithError('STEP_TIMEOUT', `waited ${timeout / 1000} s for ${what}`);
    },
  };
}
