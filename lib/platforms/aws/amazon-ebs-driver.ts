import { GoldsmithError, type Problem } from '../../errors';
import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { Communicator } from '../../extension/communicator';
import type { Clock, ResourceContext, RunContext } from '../../extension/context';
import type { Access, LaunchFrom, Machine, PlatformDriver, PublishContext } from '../../extension/platform';
import type { Json } from '../../plan/json';
import type { AmiQuery } from './amazon-image';
import { Apis } from './driver/apis';
import { capture } from './driver/capture';
import { EBS, type Flavor } from './driver/flavor';
import { asOwn, asShared, owning } from './driver/kinds';
import { connect, DEFAULT_USER } from './driver/connect';
import { findEverywhere } from './driver/find';
import { dataOf, launch, type Launched } from './driver/launch';
import { lookup } from './driver/lookup';
import { preflight } from './driver/preflight';
import { publish } from './driver/publish';
import { exists, remove } from './driver/remove';
import { clearKey, lent } from './driver/lent';
import type { AmazonEbsConfig } from './props/amazon-ebs-props';

/** The verbs of amazon-ebs, and of what differs from it only in what is made of the instance. */
export class AmazonEbsDriver<C extends AmazonEbsConfig = AmazonEbsConfig> implements PlatformDriver<C> {
  private readonly apis: Apis;
  private readonly launched = new Map<string, Launched>();

  constructor(
    clock: Clock,
    private readonly flavor: Flavor<C> = EBS,
  ) {
    this.apis = new Apis(clock);
  }

  async lookup(query: Json, config: C, ctx: RunContext): Promise<Json> {
    const asked = query as unknown as AmiQuery;
    return lookup(await this.apis.of(config, ctx, asked.region), asked, ctx);
  }

  async preflight(config: C, ctx: RunContext, from?: LaunchFrom): Promise<readonly Problem[]> {
    return preflight(await this.apis.of(config, ctx), config, from, ctx);
  }

  async launch(config: C, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const api = await this.apis.of(config, ctx);
    const launched = await launch(api, this.flavor.launched(config), from, owning(this.flavor.use, ctx));
    this.launched.set(launched.machine.resource.token, launched);
    return launched.machine;
  }

  async connect(machine: Machine, config: C, ctx: ResourceContext): Promise<Communicator> {
    const launched = this.launchedOf(machine);
    const api = await this.apis.of(config, ctx);
    const communicator = await connect(api, launched, config, ctx);
    if (config.communicator === 'none') return communicator;
    launched.communicator = communicator;
    return lent(communicator, launched, api, ctx);
  }

  async capture(machine: Machine, config: C, ctx: ResourceContext): Promise<Artifact | undefined> {
    const launched = this.launchedOf(machine);
    await clearKey(launched, config, ctx);
    await launched.communicator?.close();
    const api = await this.apis.of(config, ctx);
    return capture(api, machine, config, owning(this.flavor.use, ctx), this.flavor);
  }

  publish(artifact: Artifact, config: C, ctx: PublishContext): Promise<Artifact> {
    if (artifact.kind !== 'ami') return Promise.resolve(artifact);
    return publish((region) => this.apis.of(config, ctx, region), artifact, config, owning(this.flavor.use, ctx));
  }

  async exists(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
    return exists(await this.apis.at(resource, ctx), asShared(resource), ctx);
  }

  async destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    await this.launched.get(resource.token)?.communicator?.close();
    this.launched.delete(resource.token);
    return remove(await this.apis.at(resource, ctx), asShared(resource), ctx);
  }

  /** In all regions of the account that the environment's credentials are for. */
  async find(run: string, ctx: RunContext): Promise<readonly ResourceRecord[]> {
    return (await findEverywhere(this.apis, run, ctx)).map((resource) => asOwn(this.flavor.use, resource));
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
    for (const { communicator } of this.launched.values()) await communicator?.close();
    this.apis.close();
  }

  private launchedOf({ resource }: Machine): Launched {
    const launched = this.launched.get(resource.token);
    if (launched) return launched;
    throw new GoldsmithError('INTERNAL', `the instance ${resource.id ?? resource.token} was not started by this run`);
  }
}
