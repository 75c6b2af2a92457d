import { GoldsmithError, messageOf, type Problem } from '../../../errors';
import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { Communicator } from '../../../extension/communicator';
import type { Clock, ResourceContext, RunContext } from '../../../extension/context';
import type { Access, LaunchFrom, Machine, PlatformDriver, PublishContext, Stray } from '../../../extension/platform';
import type { Json } from '../../../plan/json';
import { shellQuote } from '../../../util/quote';
import { failed } from '../api/errors';
import type { AmiQuery } from '../amazon-image';
import { Apis } from '../driver/apis';
import { asOwn, asShared, owning } from '../driver/kinds';
import { findEverywhere } from '../driver/find-everywhere';
import { lookup } from '../driver/lookup';
import { publish } from '../driver/publish';
import { exists, remove } from '../driver/remove';
import type { AmazonChrootConfig } from '../props/amazon-chroot-props';
import { captureRoot } from './capture';
import { chrootCommunicator } from './communicator';
import { launchRoot, type Root } from './launch';
import { unmountAll } from './mounts';
import { preflightHere } from './preflight';

const USE = 'amazon-chroot';

/** The verbs of amazon-chroot: the machine is a volume that is mounted on the instance that this process runs on. */
export class AmazonChrootDriver implements PlatformDriver<AmazonChrootConfig> {
  private readonly apis: Apis;
  private readonly roots = new Map<string, Root>();

  constructor(clock: Clock) {
    this.apis = new Apis(clock);
  }

  async lookup(query: Json, config: AmazonChrootConfig, ctx: RunContext): Promise<Json> {
    const asked = query as unknown as AmiQuery;
    return lookup(await this.apis.of(config, ctx, asked.region), asked, ctx);
  }

  async preflight(config: AmazonChrootConfig, ctx: RunContext, from?: LaunchFrom): Promise<readonly Problem[]> {
    return preflightHere(await this.apis.of(config, ctx), config, from, ctx);
  }

  async launch(config: AmazonChrootConfig, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    try {
      const root = await launchRoot(await this.apis.of(config, ctx), config, from, owning(USE, ctx));
      this.roots.set(root.volume.token, root);
      return { resource: root.volume, data: { path: root.path } };
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw failed('LAUNCH_FAILED', 'the volume could not be made a root on this machine', error);
    }
  }

  connect(machine: Machine, config: AmazonChrootConfig, ctx: ResourceContext): Promise<Communicator> {
    return Promise.resolve(chrootCommunicator(this.rootOf(machine).path, config, ctx));
  }

  async capture(machine: Machine, config: AmazonChrootConfig, ctx: ResourceContext): Promise<Artifact | undefined> {
    try {
      return await captureRoot(await this.apis.of(config, ctx), this.rootOf(machine), config, owning(USE, ctx));
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw failed('CAPTURE_FAILED', 'the volume could not be made an image', error);
    }
  }

  publish(artifact: Artifact, config: AmazonChrootConfig, ctx: PublishContext): Promise<Artifact> {
    return publish((region, role) => this.apis.of(config, ctx, region, role), artifact, config, owning(USE, ctx));
  }

  async exists(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
    return exists(await this.apis.at(resource, ctx), asShared(resource), ctx);
  }

  async destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    if (resource.kind !== `${USE}:mount`) {
      this.roots.delete(resource.token);
      return remove(await this.apis.at(resource, ctx), asShared(resource), ctx);
    }
    const { path, commandWrapper } = resource.locator as { readonly path: string; readonly commandWrapper?: string };
    try {
      await unmountAll(path, { commandWrapper }, ctx);
    } catch (error) {
      throw new GoldsmithError('LEAKED', `${path} is still mounted: ${messageOf(error)}`);
    }
  }

  /** In all regions of the account that the environment's credentials are for. */
  async find(run: string, ctx: RunContext): Promise<readonly ResourceRecord[]> {
    return (await this.findAll(ctx, run)).map(({ resource }) => resource);
  }

  async findAll(ctx: RunContext, run?: string): Promise<readonly Stray[]> {
    const found = await findEverywhere(this.apis, run, ctx);
    return found.map((stray) => ({ ...stray, resource: asOwn(USE, stray.resource) }));
  }

  access(machine: Machine): Access {
    const { path, volume } = this.rootOf(machine);
    return {
      enter: `chroot ${shellQuote(path)} /bin/sh`,
      remove: `umount -R ${shellQuote(path)} && aws ec2 detach-volume --volume-id ${volume.id!} && aws ec2 delete-volume --volume-id ${volume.id!}`,
    };
  }

  close(): Promise<void> {
    this.apis.close();
    return Promise.resolve();
  }

  private rootOf({ resource }: Machine): Root {
    const root = this.roots.get(resource.token);
    if (root) return root;
    throw new GoldsmithError('INTERNAL', `the volume ${resource.id ?? resource.token} was not mounted by this run`);
  }
}
