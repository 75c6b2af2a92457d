import { toProblem } from '../errors';
import type { Plan, PlanNode } from '../plan/schema';
import { explainErrno } from '../util/errno';
import { VERSION } from '../util/version';
import { runBuild } from './build';
import { systemClock } from './clock';
import { consumeInputs } from './consume';
import { Emitter } from './emitter';
import type { LeftBehind, NodeResult, NodeSummary } from './events';
import { FileJournal } from './journal';
import { openServices, stateDirOf } from './open';
import type { RunOptions, RunReport } from './options';
import { runProcess } from './process';
import { recover } from './recover';
import { Redactor } from './redact';
import { RunFolder } from './run-folder';
import { schedule, type Outcome } from './scheduler';
import { select } from './select';
import type { NodeOutcome, Services } from './services';
import { sourceOf } from './steps';
import { runVerify } from './verify';

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
        pool: poolOf(node),
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
    return await report(services, folder, results, journal);
  } finally {
    await services.extensions.close();
    await journal.close();
    await emitter.close();
  }
}

async function runNode(node: PlanNode, services: Services, results: Map<string, NodeResult>): Promise<Outcome> {
  const started = services.clock.now();
  const duration = (): number => services.clock.now() - started;
  services.emit({ type: 'node-started', node: node.id });
  try {
    const outcome = await runOne(node, services);
    services.outcomes.set(node.id, outcome);
    const cache =
      outcome.state === 'cached'
        ? { builtAt: outcome.builtAt, refresh: `goldsmith build --force '${node.id}'` }
        : undefined;
    finish(node, services, results, { state: outcome.state, duration: duration(), artifact: outcome.artifact, cache });
    return 'succeeded';
  } catch (error) {
    const state = services.signal.aborted ? 'cancelled' : 'failed';
    const problem = {
      path: node.id,
      source: sourceOf(services, { id: node.id, node }),
      ...toProblem(explainErrno(error, `recording ${node.id}`)),
    };
    finish(node, services, results, { state, duration: duration(), error: problem });
    return state;
  }
}

function runOne(node: PlanNode, services: Services): Promise<NodeOutcome> {
  switch (node.kind) {
    case 'build':
      return runBuild(node, services, services.signal);
    case 'verify':
      return runVerify(node, services, services.signal);
    case 'process':
      return runProcess(node, services, services.signal);
  }
}

function finish(
  node: PlanNode,
  services: Services,
  results: Map<string, NodeResult>,
  result: Omit<NodeResult, 'id'>,
): void {
  const clean = services.redactor.cleanDeep(result);
  results.set(node.id, { id: node.id, ...clean });
  services.emit({ type: 'node-finished', node: node.id, ...clean });
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

function poolOf(node: PlanNode): string {
  return node.kind === 'build' ? node.source.use : node.kind;
}

function summaryOf(node: PlanNode): NodeSummary {
  const { id, kind, dependsOn } = node;
  if (node.kind !== 'build')
    return { id, kind, use: node.step.use, dependsOn, steps: [{ id: node.step.id, use: node.step.use }] };
  const own = (name: string): { id: string; use: string } => ({ id: `${id}/${name}`, use: name });
  const steps = node.provisioners.map(({ id: step, use }) => ({ id: step, use }));
  return {
    id,
    kind,
    use: node.source.use,
    dependsOn,
    steps: [own('launch'), own('connect'), ...steps, own('capture')],
  };
}
