import * as path from 'node:path';
import { GoldsmithError, messageOf, toProblem } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { Communicator } from '../extension/communicator';
import type { ResourceContext } from '../extension/context';
import type { LaunchFrom, Machine, PlatformDriver } from '../extension/platform';
import type { Json } from '../plan/json';
import type { BuildNode, StepSpec } from '../plan/schema';
import { lockFile } from '../util/file-lock';
import { resolveBase } from './base';
import { findCached, findCheckpoint } from './cache';
import { provisionContext, resourceContext, variablesOf, type Held, type Place } from './context';
import { checked } from './config';
import { asHeld, isGated } from './held';
import { buildKeys, changesImage, publishKey, type BuildKeys } from './keys';
import { knowLookups } from './lookups';
import { preflight, preflightProcess, takersOf } from './preflight';
import { finishPublishing, publish, publishContext } from './publish';
import { resolveConfig } from './resolve';
import { dropOldCheckpoints, replaceCheckpoint } from './retention';
import { Scope } from './scope';
import type { NodeOutcome, Services } from './services';
import { runStep, type StepFrame } from './steps';

/**
 * One image on one source: one machine's life. In this order:
 * base → keys → cached? → preflight → launch (from the deepest checkpoint) → connect → provision, each with a checkpoint → capture → record.
 */
export async function runBuild(node: BuildNode, services: Services, signal: AbortSignal): Promise<NodeOutcome> {
  return new Build(node, services, signal).run();
}

class Build {
  private readonly scope: Scope;
  private readonly place: Place;
  private driver!: PlatformDriver;
  private config: unknown;
  private previous: Artifact | undefined;
  private decision: 'retry' | 'keep' | 'cleanup' = 'cleanup';
  private machine: Machine | undefined;
  private communicator: Communicator | undefined;

  constructor(
    private readonly node: BuildNode,
    private readonly services: Services,
    private readonly signal: AbortSignal,
  ) {
    this.scope = new Scope(node.id, services);
    this.place = { node, signal };
  }

  async run(): Promise<NodeOutcome> {
    const { node, services } = this;
    this.previous = (await services.catalog.latest(services.run.app, node.id))?.artifact;
    const { ctx, flush } = resourceContext(services, this.place, this.scope, this.previous);
    try {
      const platform = services.extensions.get('platform', node.source.use);
      this.driver = await services.extensions.driver(node.source.use, ctx);
      this.config = checked(node.source, platform.schema, await resolveConfig(node.source.config, services));
      const base = await resolveBase(node, this.config, this.driver, ctx, services);
      await knowLookups([node.source.config, ...node.provisioners.map(({ config }) => config)] as Json, services);
      const keys = buildKeys(node, base.identity, services);
      if (platform.cacheable === false) return await this.make(base.from, keys, ctx);
      return (await this.fromCache(keys, ctx)) ?? (await this.makeAlone(base.from, keys, ctx));
    } finally {
      flush();
    }
  }

  private async fromCache(keys: BuildKeys, ctx: ResourceContext): Promise<NodeOutcome | undefined> {
    const { node, services, signal } = this;
    await finishPublishing(keys.artifact, node, services, signal);
    const record = await findCached(node, keys.artifact, ctx, services);
    if (!record) return undefined;
    const outcome = { state: 'cached', builtAt: record.builtAt, key: keys.artifact } as const;
    if (!record.held && record.published !== publishKey(node, services) && record.artifact && !record.consumed) {
      return { ...outcome, artifact: await publish(record, node, services, signal) };
    }
    if (!record.held) await services.catalog.touch(record);
    else if (isGated(node, services.plan.nodes)) return { ...outcome, artifact: record.artifact, held: record };
    else return { ...outcome, artifact: await publish(record, node, services, signal) };
    return { ...outcome, artifact: record.artifact };
  }

  /** Two runs do not build the same at the same time: the second waits, and finds it made. */
  private async makeAlone(base: LaunchFrom, keys: BuildKeys, ctx: ResourceContext): Promise<NodeOutcome> {
    const { services } = this;
    let waited = false;
    const release = await lockFile(path.join(services.stateDir, 'locks', `build-${keys.artifact.slice(0, 32)}`), {
      sleep: (ms) => services.clock.sleep(ms, this.signal),
      onWait: ({ pid }) => {
        waited = true;
        ctx.say(`waits for another run (process ${pid}) that builds the same`);
      },
    });
    try {
      return (waited ? await this.fromCache(keys, ctx) : undefined) ?? (await this.make(base, keys, ctx));
    } finally {
      await release();
    }
  }

  private async make(base: LaunchFrom, keys: BuildKeys, ctx: ResourceContext): Promise<NodeOutcome> {
    const { node, services } = this;
    try {
      await this.preflight(base, ctx);
      const checkpoint = this.usesCheckpoints() ? await findCheckpoint(node, keys, ctx, services) : undefined;
      const from: LaunchFrom = checkpoint ? { kind: 'checkpoint', checkpoint: checkpoint.record.checkpoint } : base;
      const done = checkpoint?.steps ?? 0;
      this.announceCached(done);
      const machine = await this.engineStep('launch', 'LAUNCH_FAILED', (c) => this.driver.launch(this.config, from, c));
      this.machine = machine;
      this.communicator = await this.engineStep('connect', 'CONNECT_FAILED', (c) =>
        this.driver.connect(machine, this.config, c),
      );
      await this.provision(done, keys);
      const outcome = await this.capture(keys, ctx);
      if (this.usesCheckpoints()) await dropOldCheckpoints(node, keys, services);
      return outcome;
    } catch (error) {
      await this.afterFailure(error);
      throw error;
    } finally {
      await this.communicator?.close();
      await this.scope.close();
    }
  }

  private async preflight(base: LaunchFrom, ctx: ResourceContext): Promise<void> {
    const problems = [...(await preflight(this.node, this.config, this.driver, ctx, this.services, base))];
    for (const taker of takersOf(this.node, this.services)) {
      problems.push(...(await preflightProcess(taker, this.services, this.signal)));
    }
    if (problems.length > 0) throw GoldsmithError.all(problems, 'PREFLIGHT_FAILED');
  }

  private async provision(done: number, keys: BuildKeys): Promise<void> {
    for (const [index, step] of this.node.provisioners.entries()) {
      if (index < done || step.policy?.onFailure) continue;
      if (!(await this.attempt(step))) continue;
      if (this.usesCheckpoints() && changesImage(step, this.services)) await this.checkpoint(step, keys.steps[index]!);
    }
  }

  /** One step, and what the user decides when it fails. Returns false where it failed and is tolerated. */
  private async attempt(step: StepSpec): Promise<boolean> {
    for (;;) {
      await this.pauseForDebug(step.id);
      try {
        return await this.runProvisioner(step);
      } catch (error) {
        if (this.services.settings.onError !== 'ask' || this.signal.aborted) throw error;
        if ((await this.askAfter(error)) !== 'retry') throw error;
      }
    }
  }

  private async runProvisioner(step: StepSpec): Promise<boolean> {
    const { services, node } = this;
    const extension = services.extensions.get('provisioner', step.use);
    const frame: StepFrame = {
      node,
      id: step.id,
      use: step.use,
      policy: step.policy,
      failure: 'STEP_FAILED',
      signal: this.signal,
    };
    return runStep(services, frame, async (signal) => {
      const config = checked(step, extension.schema, await resolveConfig(step.config, services));
      const { ctx, flush } = provisionContext(services, { node, step: step.id, signal }, variablesOf(node, services));
      try {
        await extension.run(config, this.communicator!, ctx);
      } finally {
        flush();
      }
    });
  }

  private async checkpoint(step: StepSpec, key: string): Promise<void> {
    const { node, services } = this;
    const { ctx, flush } = this.contextFor(step.id, this.signal);
    try {
      const checkpoint = await this.driver.checkpoint!(this.machine!, this.config, ctx);
      const { run } = services;
      const made = { app: run.app, node: node.id, use: node.source.use, key, run: run.id };
      const record = { ...made, builtAt: services.clock.now(), checkpoint };
      await replaceCheckpoint(record, services, () => this.scope.commit());
    } catch (error) {
      // A build without a checkpoint is only slower the next time.
      this.signal.throwIfAborted();
      await this.scope.discard();
      services.emit({
        type: 'message',
        level: 'warning',
        node: node.id,
        step: step.id,
        text: `no checkpoint was kept: ${messageOf(error)}`,
      });
    } finally {
      flush();
    }
  }

  private async capture(keys: BuildKeys, ctx: ResourceContext): Promise<NodeOutcome> {
    const { node, services } = this;
    const holds = isGated(node, services.plan.nodes);
    const { run } = services;
    const builtAt = services.clock.now();
    const made = { app: run.app, node: node.id, use: node.source.use, key: keys.artifact, run: run.id, builtAt };
    const record = { ...made, digest: node.digest };
    const artifact = await this.engineStep(
      'capture',
      'CAPTURE_FAILED',
      async (c) => {
        await this.communicator!.close();
        const captured = await this.driver.capture(this.machine!, this.config, c);
        if (!captured || holds) return captured && asHeld(captured);
        if (!this.driver.publish) return captured;
        const publishing = publishContext(record, node, this.scope, c, services);
        await publishing.recordSoFar(captured);
        const cleared = this.clearMachine();
        return await this.driver.publish(captured, this.config, publishing).finally(() => cleared);
      },
      holds,
    );
    ctx.signal.throwIfAborted();
    const held = holds && artifact ? ({ ...record, artifact, held: 'waiting' } as const) : undefined;
    if (services.extensions.get('platform', node.source.use).cacheable !== false) {
      if (held) await services.catalog.amend(held);
      else {
        const published = publishKey(node, services);
        const how = { ...(artifact && { artifact }), ...(published !== undefined && { published }) };
        await services.catalog.record({ ...record, ...how });
      }
    }
    await this.scope.commit();
    return { state: 'succeeded', artifact, builtAt, key: keys.artifact, ...(held && { held }) };
  }

  /** Where publishing takes long, the machine and all that was made for it go meanwhile. */
  private async clearMachine(): Promise<void> {
    const { node, services } = this;
    if (!services.extensions.get('platform', node.source.use).publishProps) return;
    this.machine = undefined;
    await this.scope.clear();
  }

  private async engineStep<T>(
    name: string,
    failure: StepFrame['failure'],
    body: (ctx: ResourceContext) => Promise<T>,
    holds = false,
  ): Promise<T> {
    const id = `${this.node.id}/${name}`;
    await this.pauseForDebug(id);
    let result: { readonly value: T } | undefined;
    await runStep(this.services, { node: this.node, id, use: name, failure, signal: this.signal }, async (signal) => {
      const { ctx, flush } = this.contextFor(id, signal, holds);
      try {
        result = { value: await body(ctx) };
      } finally {
        flush();
      }
    });
    return result!.value;
  }

  private contextFor(step: string, signal: AbortSignal, holds = false): Held<ResourceContext> {
    return resourceContext(this.services, { node: this.node, step, signal }, this.scope, this.previous, holds);
  }

  /** Runs the provisioners that are for failures, then does with the machine what `onError` says. */
  private async afterFailure(error: unknown): Promise<void> {
    const { services, node } = this;
    if (this.communicator) {
      for (const step of node.provisioners) {
        if (!step.policy?.onFailure || this.signal.aborted) continue;
        await this.runProvisioner(step).catch(() => false);
      }
    }
    const keep =
      services.settings.onError === 'keep' || (services.settings.onError === 'ask' && this.decision === 'keep');
    if (!keep || !this.machine || this.signal.aborted) return;
    const access = this.driver.access?.(this.machine, this.config);
    const remove = `goldsmith recover ${services.run.id}`;
    const text = [
      `the machine is kept, because ${toProblem(error).message}`,
      ...(access ? [`  get in:  ${access.enter}`] : []),
      `  remove:  ${remove}${access?.remove === undefined ? '' : `   (or ${access.remove})`}`,
    ].join('\n');
    services.emit({ type: 'message', level: 'warning', node: node.id, text });
    await this.scope.leave(access ? `get in: ${access.enter}; remove: ${remove}` : `remove: ${remove}`);
  }

  private async askAfter(error: unknown): Promise<'retry' | 'keep' | 'cleanup'> {
    const question = `${this.node.id}: ${toProblem(error).message}\n  [r]etry the step, [k]eep the machine, or [c]lean up? `;
    const answer = (await this.services.ask(this.node.id, question, 'c', this.signal)).trim().toLowerCase();
    this.decision = answer.startsWith('r') ? 'retry' : answer.startsWith('k') ? 'keep' : 'cleanup';
    return this.decision;
  }

  private async pauseForDebug(step: string): Promise<void> {
    if (this.services.settings.debug)
      await this.services.ask(this.node.id, `next: ${step}. Press Enter to go on. `, '', this.signal);
  }

  private usesCheckpoints(): boolean {
    return this.services.settings.checkpoints && this.driver.checkpoint !== undefined;
  }

  private announceCached(steps: number): void {
    for (const step of this.node.provisioners.slice(0, steps)) {
      if (changesImage(step, this.services)) {
        this.services.emit({ type: 'step-finished', node: this.node.id, step: step.id, state: 'cached', duration: 0 });
      }
    }
  }
}
