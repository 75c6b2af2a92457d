import { GoldsmithError, type Problem } from '../../errors';
import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { Communicator } from '../../extension/communicator';
import type { Clock, ResourceContext, RunContext } from '../../extension/context';
import type { Access, LaunchFrom, Machine, PlatformDriver, PublishContext, Stray } from '../../extension/platform';
import type { Json } from '../../plan/json';
import type { AmiQuery } from './amazon-image';
import { Apis } from './driver/apis';
import { Births, SEEN_AFTER } from './driver/births';
import { capture } from './driver/capture';
import { EBS, type Flavor } from './driver/flavor';
import { asOwn, asShared, owning } from './driver/kinds';
import { connect, DEFAULT_USER } from './driver/connect';
import { findEverywhere } from './driver/find-everywhere';
import { dataOf, launch, type Launched } from './driver/launch';
import { lookup } from './driver/lookup';
import { roleOf } from './driver/copy-accounts';
import { checkStart, preflight } from './driver/preflight';
import { publish } from './driver/publish';
import { exists, remove } from './driver/remove';
import { clearKey, lent } from './driver/lent';
import { whileAlive } from './driver/lost';
import { untilSeen } from './driver/seen';
import type { AmazonEbsConfig } from './props/amazon-ebs-props';

/** The verbs of amazon-ebs, and of what differs from it only in what is made of the instance. */
export class AmazonEbsDriver<C extends AmazonEbsConfig = AmazonEbsConfig> implements PlatformDriver<C> {
  private readonly apis: Apis;
  private readonly launched = new Map<string, Launched>();
  private readonly births: Births;
  readonly seenAfter = SEEN_AFTER;

  constructor(
    clock: Clock,
    private readonly flavor: Flavor<C> = EBS,
  ) {
    this.apis = new Apis(clock);
    this.births = new Births(clock);
  }

  async lookup(query: Json, config: C, ctx: RunContext): Promise<Json> {
    const asked = query as unknown as AmiQuery;
    return lookup(await this.apis.of(config, ctx, asked.region), asked, ctx);
  }

  async preflight(config: C, ctx: RunContext, from?: LaunchFrom): Promise<readonly Problem[]> {
    const api = await this.apis.of(config, ctx);
    const roles = (config.amiCopyAccounts ?? []).map((account) => async () => {
      const there = await this.apis.of(config, ctx, undefined, roleOf(account));
      await there.once('identity', () => there.call('sts:GetCallerIdentity', {}));
    });
    return preflight(api, config, from, ctx, [() => checkStart(api, config, from), ...roles]);
  }

  async launch(config: C, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const api = await this.apis.of(config, ctx);
    const launched = await launch(api, this.flavor.launched(config), from, this.own(ctx));
    this.launched.set(launched.machine.resource.token, launched);
    return launched.machine;
  }

  async connect(machine: Machine, config: C, ctx: ResourceContext): Promise<Communicator> {
    const launched = this.launchedOf(machine);
    const api = await this.apis.of(config, ctx);
    const communicator = await whileAlive(api, dataOf(machine), ctx, (own) => connect(api, launched, config, own));
    if (config.communicator === 'none') return communicator;
    launched.communicator = communicator;
    return lent(communicator, launched, api, ctx);
  }

  async capture(machine: Machine, config: C, ctx: ResourceContext): Promise<Artifact | undefined> {
    const launched = this.launchedOf(machine);
    await clearKey(launched, config, ctx);
    await hangUp(launched);
    const api = await this.apis.of(config, ctx);
    return capture(api, machine, config, this.own(ctx), this.flavor);
  }

  publish(artifact: Artifact, config: C, ctx: PublishContext): Promise<Artifact> {
    if (artifact.kind !== 'ami') return Promise.resolve(artifact);
    return publish((region, role) => this.apis.of(config, ctx, region, role), artifact, config, this.own(ctx));
  }

  async exists(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
    return exists(await this.apis.at(resource, ctx), asShared(resource), ctx);
  }

  async destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    await hangUp(this.launched.get(resource.token));
    this.launched.delete(resource.token);
    const api = await this.apis.at(resource, ctx);
    const shared = asShared(resource);
    await untilSeen(api, shared, this.births, ctx.signal);
    return remove(api, shared, ctx);
  }

  async find(run: string, ctx: RunContext): Promise<readonly ResourceRecord[]> {
    return (await this.findAll(ctx, run)).map(({ resource }) => resource);
  }

  async findAll(ctx: RunContext, run?: string): Promise<readonly Stray[]> {
    const found = await findEverywhere(this.apis, run, ctx);
    return found.map((stray) => ({ ...stray, resource: asOwn(this.flavor.use, stray.resource) }));
  }

  access(machine: Machine, { communicator, region }: C): Access {
    const { id } = dataOf(machine);
    const where = region === undefined ? '' : ` --region ${region}`;
    const user = typeof communicator === 'object' ? communicator.username : DEFAULT_USER;
    return {
      enter: `aws ssm start-session --target ${id}${where}, or as ${user ?? DEFAULT_USER} with a key of your own (EC2 Instance Connect)`,
      remove: `aws ec2 terminate-instances --instance-ids ${id}${where}`,
    };
  }

  async close(): Promise<void> {
    // Those of machines that were kept on purpose.
    for (const launched of this.launched.values()) await hangUp(launched);
    this.apis.close();
  }

  /** A context in which what is made is called after this platform, and known to be young. */
  private own<T extends ResourceContext>(ctx: T): T {
    return owning(this.flavor.use, this.births.watch(ctx));
  }

  private launchedOf({ resource }: Machine): Launched {
    const launched = this.launched.get(resource.token);
    if (launched) return launched;
    throw new GoldsmithError('INTERNAL', `the instance ${resource.id ?? resource.token} was not started by this run`);
  }
}

async function hangUp(launched: Launched | undefined): Promise<void> {
  await launched?.communicator?.close();
  await launched?.through?.close();
}
