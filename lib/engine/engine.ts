import type { Clock } from '../extension/context';
import type { Plan } from '../plan/schema';
import { VERSION } from '../util/version';
import { systemClock } from './clock';
import { consumeInputs } from './consume';
import { Emitter } from './emitter';
import type { LeftBehind, NodeResult } from './events';
import { FileJournal } from './journal';
import { openServices, stateDirOf } from './open';
import type { RunOptions, RunReport } from './options';
import { recover } from './recover';
import { Redactor } from './redact';
import { RunFolder } from './run-folder';
import { finish, poolOf, runNode, summaryOf } from './run-node';
import { schedule } from './scheduler';
import { select, type Selection } from './select';
import type { Services } from './services';

const DEFAULT_PARALLEL = 16;

/**
 * Runs a plan. What dead runs left behind is deleted first; then every node runs when what it depends on has succeeded. A failure skips only
 * what depends on it. The report says how each node ended and what is left on the platforms.
 *
 * @throws GoldsmithError only where nothing could be started: a wrong selector, a state folder that cannot be written
 */
export async function run(plan: Plan, options: RunOptions): Promise<RunReport> {
  const clock = options.clock ?? systemClock;
  const startedAt = clock.now();
  const selection = select(plan, options.select);
  const stateDir = stateDirOf(options);
  const folder = await RunFolder.create(stateDir, startedAt, { app: plan.app, modules: plan.modules });
  try {
    return await runIn(folder, plan, selection, options, clock, startedAt);
  } finally {
    await folder.abandon();
  }
}

async function runIn(
  folder: RunFolder,
  plan: Plan,
  selection: Selection,
  options: RunOptions,
  clock: Clock,
  startedAt: number,
): Promise<RunReport> {
  const stateDir = stateDirOf(options);
  const redactor = new Redactor();
  const journal = await (options.openJournal ?? FileJournal.open)(folder.journal);
  const emitter = new Emitter(folder.events, clock, redactor, options.onEvent);
  const services = openServices({ ...plan, nodes: [...selection.nodes] }, options, {
    run: { id: folder.id, app: plan.app, startedAt },
    tempDir: folder.temp,
    journal,
    redactor,
    forced: options.force ? selection.chosen : new Set(),
    emit: (event) => emitter.emit(event),
  });

  const results = new Map<string, NodeResult>();
  try {
    await recover({
      stateDir,
      projectDir: services.projectDir,
      env: services.env,
      extensions: options.extensions,
      clock,
      signal: services.signal,
      emit: services.emit,
      store: services.store,
    });
    await journal.append({ type: 'run', run: folder.id, app: plan.app, modules: plan.modules });
    const parallel = options.debug ? 1 : (options.parallel ?? DEFAULT_PARALLEL);
    emitter.emit({
      type: 'run-started',
      run: folder.id,
      app: plan.app,
      version: VERSION,
      parallel,
      nodes: selection.nodes.map(summaryOf),
    });
    await schedule(
      selection.nodes.map((node) => ({
        id: node.id,
        dependsOn: node.dependsOn,
        after: node.after,
        pool: poolOf(node, services),
        node,
      })),
      {
        parallel,
        pools: options.pools ?? {},
        signal: services.signal,
        run: ({ node }) => runNode(node, services, results),
        skipped: ({ node }, because) =>
          finish(node, services, results, {
            state: because.length > 0 ? 'skipped' : 'cancelled',
            duration: 0,
            because,
          }),
      },
    );
    await consumeInputs(services);
    const ended = await report(services, folder, results, journal);
    emitter.rethrow();
    return ended;
  } finally {
    await services.extensions.close();
    await journal.close();
    await emitter.close();
  }
}

async function report(
  services: Services,
  folder: RunFolder,
  results: Map<string, NodeResult>,
  journal: { append: FileJournal['append'] },
): Promise<RunReport> {
  const nodes = services.plan.nodes.map(({ id }) => results.get(id)!);
  const failed = nodes.some(({ state }) => state === 'failed' || state === 'skipped');
  const status = services.signal.aborted ? 'cancelled' : failed ? 'failed' : 'succeeded';
  const duration = services.clock.now() - services.run.startedAt;
  const left: readonly LeftBehind[] = services.redactor.cleanDeep(services.left);
  // Nothing depends on it: how the run ended is worth more than that the journal says so.
  await journal.append({ type: 'ended', status }).catch(() => undefined);
  services.emit({ type: 'run-finished', status, duration, nodes, left });
  const leaked = left.some(({ why }) => why === 'leaked');
  if (!leaked) await folder.end(left.length > 0 ? 'kept' : 'nothing');
  await folder.pruneOthers();
  return { run: folder.id, ok: status === 'succeeded' && !leaked, status, duration, nodes, left, dir: folder.dir };
}
