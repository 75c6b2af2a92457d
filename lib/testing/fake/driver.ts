import { GoldsmithError, type Problem } from '../../errors';
import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { Communicator } from '../../extension/communicator';
import type { ResourceContext, RunContext } from '../../extension/context';
import type { Access, Checkpoint, LaunchFrom, Machine, PlatformDriver } from '../../extension/platform';
import { canonical } from '../../plan/digest';
import type { Json, JsonObject } from '../../plan/json';
import { fakeCommunicator, type FakeInside } from './communicator';
import type { FakeCall, FakeVerb } from './faults';
import type { FakeConfig } from './source';
import type { FakeKind, FakeThing, MutableThing } from './world';

/** What a driver needs of its platform. */
export interface FakeServices extends FakeInside {
  readonly use: string;
  /** What lookups answer, by name. */
  readonly published: Map<string, Json>;
  /** What preflight says. */
  readonly problems: Problem[];
}

/** The verbs of a fake platform: in memory, and each may be made to go wrong. */
export class FakeDriver implements PlatformDriver<FakeConfig> {
  constructor(private readonly platform: FakeServices) {}

  async lookup(query: Json, _config: FakeConfig, ctx: RunContext): Promise<Json> {
    const { name } = query as { name: string };
    await this.begin('lookup', ctx, name);
    return { name, version: this.platform.published.get(name) ?? 1 };
  }

  async preflight(_config: FakeConfig, ctx: RunContext): Promise<readonly Problem[]> {
    await this.begin('preflight', ctx, '');
    return this.platform.problems;
  }

  async launch(config: FakeConfig, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const call = await this.begin('launch', ctx, describe(from));
    const origin = this.origin(from, config);
    const resource = await this.make('machine', { size: config.size ?? 1 }, call, origin, ctx);
    await this.end(call, ctx);
    return { resource, data: { id: resource.id! } };
  }

  async connect(machine: Machine, _config: FakeConfig, ctx: ResourceContext): Promise<Communicator> {
    const call = await this.begin('connect', ctx, machine.resource.id!);
    await this.end(call, ctx);
    return fakeCommunicator(this.machine(machine), this.platform);
  }

  async checkpoint(machine: Machine, _config: FakeConfig, ctx: ResourceContext): Promise<Checkpoint> {
    const call = await this.begin('checkpoint', ctx, machine.resource.id!);
    const resource = await this.make('checkpoint', null, call, this.machine(machine), ctx);
    await ctx.keep(resource);
    await this.end(call, ctx);
    return { resources: [resource], data: { id: resource.id! } };
  }

  async capture(machine: Machine, config: FakeConfig, ctx: ResourceContext): Promise<Artifact | undefined> {
    const { use } = this.platform;
    const call = await this.begin('capture', ctx, machine.resource.id!);
    const origin = this.machine(machine);
    if (config.discard) return undefined;
    const name = config.name ?? null;
    const resource = await this.make('image', { name }, call, origin, ctx);
    await ctx.keep(resource);
    await this.end(call, ctx);
    const id = resource.id!;
    const outputs = { imageId: id, name, steps: origin.history.length } satisfies JsonObject;
    return { use, kind: `${use}-image`, id, description: `fake ${id}`, files: [], resources: [resource], outputs };
  }

  async exists(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
    await this.begin('exists', ctx, resource.id ?? resource.token);
    return this.platform.world.find(resource) !== undefined;
  }

  async destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    const call = await this.begin('destroy', ctx, resource.id ?? resource.token);
    this.platform.world.remove(resource);
    await this.end(call, ctx);
  }

  async find(run: string, ctx: RunContext): Promise<readonly ResourceRecord[]> {
    const { use, world } = this.platform;
    await this.begin('find', ctx, run);
    const made = world.all().filter((thing) => thing.run === run);
    return made.map(({ kind, id, token, locator }) => ({ kind: `${use}:${kind}`, id, token, locator }));
  }

  access(machine: Machine): Access {
    return { enter: `fake enter ${machine.resource.id}`, remove: `fake remove ${machine.resource.id}` };
  }

  private origin(from: LaunchFrom, { size }: FakeConfig): Pick<FakeThing, 'history' | 'files'> {
    if (from.kind === 'base')
      return { history: [`base ${canonical([from.base ?? null, size ?? 1])}`], files: new Map() };
    const id = from.kind === 'artifact' ? from.artifact.id : (from.checkpoint.data as { id: string }).id;
    const thing = this.platform.world.byId(id);
    if (thing) return thing;
    throw new GoldsmithError('NOT_FOUND', `the ${from.kind} \`${id}\` is not there`);
  }

  private machine({ resource }: Machine): MutableThing {
    const thing = this.platform.world.find(resource);
    if (thing) return thing;
    throw new GoldsmithError('CONNECTION_LOST', `the machine ${resource.id} is gone`);
  }

  private make(
    kind: FakeKind,
    locator: Json,
    call: FakeCall,
    origin: Pick<FakeThing, 'history' | 'files'>,
    ctx: ResourceContext,
  ): Promise<ResourceRecord> {
    const { use, world, faults } = this.platform;
    return ctx.acquire(`${use}:${kind}`, locator, async (token) => {
      const { id } = world.create({ kind, token, locator, run: ctx.run.id, node: ctx.node.id }, origin);
      await faults.at('created', call, ctx.signal);
      return id;
    });
  }

  private async begin(verb: FakeVerb, ctx: RunContext, about: string): Promise<FakeCall> {
    const call = { verb, node: ctx.node.id, about };
    await this.platform.faults.begin(call, ctx.signal);
    ctx.signal.throwIfAborted();
    return call;
  }

  private end(call: FakeCall, ctx: RunContext): Promise<void> {
    return this.platform.faults.at('after', call, ctx.signal);
  }
}

function describe(from: LaunchFrom): string {
  if (from.kind === 'base') return `base ${canonical(from.base ?? null)}`;
  return from.kind === 'artifact'
    ? `artifact ${from.artifact.id}`
    : `checkpoint ${(from.checkpoint.data as { id: string }).id}`;
}
