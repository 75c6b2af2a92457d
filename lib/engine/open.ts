import { setMaxListeners } from 'node:events';
import * as path from 'node:path';
import { Catalog } from '../catalog/catalog';
import { FileStore } from '../catalog/file-store';
import type { Plan } from '../plan/schema';
import { systemClock } from './clock';
import { runContext } from './context';
import { destroyResource } from './destroy';
import { Extensions } from './extensions';
import { LOCK_FILE, LockFile } from './lock-file';
import type { RunOptions } from './options';
import type { Services } from './services';

/** What differs between a run and a mere look at the platforms. */
export type Opening = Pick<Services, 'run' | 'tempDir' | 'journal' | 'redactor' | 'emit'> & {
  readonly forced: ReadonlySet<string>;
};

/** Where state is kept. */
export function stateDirOf({ projectDir, stateDir }: Pick<RunOptions, 'projectDir' | 'stateDir'>): string {
  return path.resolve(projectDir, stateDir ?? '.goldsmith');
}

/** Everything that the parts of a run share, from its options. */
export function openServices(plan: Plan, options: RunOptions, opening: Opening): Services {
  const { redactor, emit, forced } = opening;
  const projectDir = path.resolve(options.projectDir);
  const stateDir = stateDirOf(options);
  const signal = options.signal ?? new AbortController().signal;
  const cleanupSignal = options.cleanupSignal ?? new AbortController().signal;
  // All nodes of a run listen to them at once: many listeners are no leak.
  setMaxListeners(0, signal, cleanupSignal);
  const store = options.store ?? new FileStore(path.join(stateDir, 'store'));
  const extensions = new Extensions(plan.modules, projectDir, options.extensions);
  const services: Services = {
    ...opening,
    plan,
    projectDir,
    stateDir,
    assetsDir: options.assetsDir ?? path.resolve(projectDir, 'goldsmith.out', 'assets'),
    env: options.env ?? {},
    variables: options.variables ?? {},
    clock: options.clock ?? systemClock,
    signal,
    cleanupSignal,
    store,
    catalog: new Catalog(store),
    lock: new LockFile(options.lockFile ?? path.join(projectDir, LOCK_FILE)),
    extensions,
    outcomes: new Map(),
    checks: new Map(),
    left: [],
    lookups: new Map(),
    known: new Map(),
    secrets: new Map(),
    settings: {
      onError: options.onError ?? 'cleanup',
      force: options.force ?? false,
      forced,
      checkpoints: options.checkpoints ?? true,
      update: options.update ?? false,
      locked: options.locked ?? false,
      debug: (options.debug ?? false) && options.ask !== undefined,
      interactive: options.ask !== undefined,
      command: options.command ?? 'goldsmith build',
    },
    ask: async (node, question, fallback, signal) => {
      if (!options.ask) return fallback;
      emit({ type: 'question', node, text: question });
      let answer = '';
      try {
        return (answer = await options.ask(redactor.clean(question), signal));
      } finally {
        emit({ type: 'answered', node, answer });
      }
    },
    destroy: (resource, node, signal) => {
      const place = plan.nodes.find(({ id }) => id === node)!;
      return destroyResource(resource, extensions, runContext(services, { node: place, signal }).ctx);
    },
  };
  return services;
}
