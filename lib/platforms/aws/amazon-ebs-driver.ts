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
import { connect, DEFAULT_USER } from './driver/connect';
import { findIn, regionsOf } from './driver/find';
import { findIdentities } from './driver/find-identity';
import { dataOf, launch, type Launched } from './driver/launch';
import { lookup } from './driver/lookup';
import { preflight } from './driver/preflight';
import { publish } from './driver/publish';
import { exists, remove } from './driver/remove';
import { clearKey, lent } from './driver/lent';
import { whileAlive } from './driver/lost';
import { untilSeen } from './driver/seen';
import type { AmazonEbsConfig } from './props/amazon-ebs-props';

/** Where regions are asked for when nothing says where: docs.aws.amazon.com/general/latest/gr/ec2-service.html. */
const FIRST_REGION = 'us-east-1';

/** The verbs of amazon-ebs. */
export class AmazonEbsDriver implements PlatformDriver<AmazonEbsConfig> {
  private readonly apis: Apis;
  private readonly launched = new Map<string, Launched>();
  private readonly births: Births;
  readonly seenAfter = SEEN_AFTER;

  constructor(clock: Clock) {
    this.apis = new Apis(clock);
    this.births = new Births(clock);
  }

  async lookup(query: Json, config: AmazonEbsConfig, ctx: RunContext): Promise<Json> {
    const asked = query as unknown as AmiQuery;
    return lookup(await this.apis.of(config, ctx, asked.region), asked, ctx);
  }

  async preflight(config: AmazonEbsConfig, ctx: RunContext, from?: LaunchFrom): Promise<readonly Problem[]> {
    return preflight(await this.apis.of(config, ctx), config, from, ctx);
  }

  async launch(config: AmazonEbsConfig, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const launched = await launch(await this.apis.of(config, ctx), config, from, this.births.watch(ctx));
    this.launched.set(launched.machine.resource.token, launched);
    return launched.machine;
  }

  async connect(machine: Machine, config: AmazonEbsConfig, ctx: ResourceContext): Promise<Communicator> {
    const launched = this.launchedOf(machine);
    const api = await this.apis.of(config, ctx);
    const communicator = await whileAlive(api, dataOf(machine), ctx, (own) => connect(api, launched, config, own));
    if (config.communicator === 'none') return communicator;
    launched.communicator = communicator;
    return lent(communicator, launched, api, ctx);
  }

  async capture(machine: Machine, config: AmazonEbsConfig, ctx: ResourceContext): Promise<Artifact | undefined> {
    const launched = this.launchedOf(machine);
    await clearKey(launched, config, ctx);
    await launched.communicator?.close();
    return capture(await this.apis.of(config, ctx), machine, config, this.births.watch(ctx));
  }

  publish(artifact: Artifact, config: AmazonEbsConfig, ctx: PublishContext): Promise<Artifact> {
    return publish((region) => this.apis.of(config, ctx, region), artifact, config, this.births.watch(ctx));
  }

  async exists(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
    return exists(await this.apis.at(resource, ctx), resource, ctx);
  }

  async destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    await this.launched.get(resource.token)?.communicator?.close();
    this.launched.delete(resource.token);
    const api = await this.apis.at(resource, ctx);
    await untilSeen(api, resource, this.births, ctx.signal);
    return remove(api, resource, ctx);
  }

  async find(run: string, ctx: RunContext): Promise<readonly ResourceRecord[]> {
    return (await this.everywhere(run, ctx)).map(({ resource }) => resource);
  }

  async findAll(ctx: RunContext): Promise<readonly Stray[]> {
    return this.everywhere(undefined, ctx);
  }

  access(machine: Machine, { communicator, region }: AmazonEbsConfig): Access {
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

  /** In all regions of the account that the environment's credentials are for. */
  private async everywhere(run: string | undefined, ctx: RunContext): Promise<readonly Stray[]> {
    const { env } = ctx;
    const first = await this.apis.inRegion(env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? FIRST_REGION, ctx);
    const regions = await regionsOf(first, ctx.signal);
    const found = await Promise.all(
      regions.map(async (region) => findIn(await this.apis.inRegion(region, ctx), run, ctx)),
    );
    // Last: an instance that is still there uses its profile.
    return [...found.flat(), ...(await findIdentities(first, run, ctx))];
  }

  private launchedOf({ resource }: Machine): Launched {
    const launched = this.launched.get(resource.token);
    if (launched) return launched;
    throw new GoldsmithError('INTERNAL', `the instance ${resource.id ?? resource.token} was not started by this run`);
  }
}
