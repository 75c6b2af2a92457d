import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { ResourceContext, RunContext } from '../../extension/context';
import type { Access, Checkpoint, LaunchFrom, Machine, PlatformDriver } from '../../extension/platform';
import type { Json } from '../../plan/json';
import { explainTool } from '../../util/tool-failed';
import type { BaseSpec } from './base/base-spec';
import { lookUpDebian } from './base/debian';
import { lookUpFolder } from './base/folder';
import { artifactKey, bringArtifact, bringBase } from './base/materialize';
import { lookUpImage } from './base/registry-base';
import { capture } from './capture/capture';
import { commandIn, connectTo, type Started } from './communicator';
import type { Ability } from './machine/kernel';
import { killMachine, SandboxMachine } from './machine/machine';
import { privileged } from './machine/privilege';
import { removeTree, runTool } from './machine/run';
import { openToolbox } from './machine/toolbox';
import { runConfigOf } from './oci/image-config';
import { checkSource } from './preflight';
import type { SandboxConfig } from './sandbox-props';
import type { RootImage } from './store/image';
import { safeToken, type Store } from './store/store';
import { sweep } from './store/sweep';
import { Trees } from './store/trees';

/** A machine in the driver's hands, with what it was made from. */
interface Open {
  readonly machine: SandboxMachine;
  readonly base: RootImage;
  readonly baseFolders: readonly string[];
  /** Folders of checkpoints, the lowest first. */
  readonly frozen: string[];
}

/** What a checkpoint holds: the base, and the folders of layers above it. */
interface CheckpointData {
  readonly base: RootImage;
  readonly folders: readonly string[];
}

/** The verbs of the sandbox. */
export class SandboxDriver implements PlatformDriver<SandboxConfig> {
  private readonly open = new Map<string, Open>();
  private readonly trees: Trees;

  constructor(
    private readonly ability: Ability,
    private readonly store: Store,
  ) {
    this.trees = new Trees(store, ability.privilege);
  }

  /** What a name, a suite or a folder means now. */
  async lookup(query: Json, config: SandboxConfig, ctx: RunContext): Promise<Json> {
    const spec = query as unknown as BaseSpec;
    switch (spec.kind) {
      case 'registry':
        return (await lookUpImage(spec, config.login, ctx)) as unknown as Json;
      case 'debian':
        return (await lookUpDebian(spec, ctx)) as unknown as Json;
      case 'folder':
        return (await lookUpFolder(spec, this.ability.privilege, ctx)) as unknown as Json;
      default:
        return query;
    }
  }

  /** What can be known to be wrong before a machine is made. */
  preflight(config: SandboxConfig, ctx: RunContext): ReturnType<typeof checkSource> {
    return checkSource(config, this.store, ctx);
  }

  /** Makes a machine from a base, an artifact or a checkpoint. */
  async launch(config: SandboxConfig, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    await sweep(this.store.cache, this.ability.privilege, ctx);
    const shop = { store: this.store, privilege: this.ability.privilege, login: config.login };
    const { base, frozen } = await this.start(config, from, shop, ctx);
    const baseFolders: string[] = [];
    for (const layer of base.layers) baseFolders.push(await this.trees.folder(layer, ctx));
    const toolbox = await openToolbox(this.store.cache, ctx);
    const spec = {
      ability: this.ability,
      toolbox,
      layers: [...baseFolders, ...frozen],
      host: base.host,
      network: config.network ?? 'shared',
    } as const;
    const resource = await ctx.acquire('sandbox:machine', {}, async (token) => {
      const machine = new SandboxMachine(this.store.folderOf({ kind: 'sandbox:machine', token, locator: null }), spec);
      // What an earlier try with the same token made is of no use.
      await this.discard(machine.dir, safeToken(token), ctx);
      this.open.set(safeToken(token), { machine, base, baseFolders, frozen });
      await machine.prepare(ctx);
      await machine.start(ctx);
      return safeToken(token);
    });
    return { resource, data: null };
  }

  /** The machine's commands and files. */
  connect(machine: Machine, _config: SandboxConfig, ctx: ResourceContext): Promise<ReturnType<typeof connectTo>> {
    const { machine: sandbox, base } = this.openOf(machine);
    return Promise.resolve(connectTo(sandbox, runConfigOf(base.config), ctx));
  }

  /** The command of this machine that runs a shell command in a sandbox: for who needs its streams as they are. */
  command(machine: Machine, command: string, user: string | undefined, ctx: RunContext): Promise<Started> {
    const { machine: sandbox, base } = this.openOf(machine);
    return commandIn(sandbox, runConfigOf(base.config), command, user, ctx);
  }

  /** Lets a machine see a block device of this machine under a name such as `/dev/sdf`. */
  async plug(machine: Machine, name: string, device: string, ctx: RunContext): Promise<void> {
    await this.openOf(machine).machine.plug(name, device, ctx);
  }

  /** Takes that away. */
  async unplug(machine: Machine, name: string, ctx: RunContext): Promise<void> {
    await this.openOf(machine).machine.unplug(name, ctx);
  }

  /** Ends all that runs in a machine. It starts again with its next command. */
  async halt(machine: Machine): Promise<void> {
    await this.openOf(machine).machine.stop();
  }

  /** Makes a layer of what was changed so far. What still runs ends, as after a RUN of a Dockerfile. */
  async checkpoint(machine: Machine, _config: SandboxConfig, ctx: ResourceContext): Promise<Checkpoint> {
    const open = this.openOf(machine);
    // A checkpoint is worth nothing without the layers below it.
    const blobs = open.base.layers.map(({ digest }) => digest);
    const resource = await ctx.acquire('sandbox:layer', { blobs }, async (token) => {
      const folder = this.store.folderOf({ kind: 'sandbox:layer', token, locator: null });
      await removeTree(folder, this.ability.privilege, ctx);
      await fs.mkdir(folder, { recursive: true });
      await open.machine.freeze(path.join(folder, 'fs'), ctx);
      open.frozen.push(path.join(folder, 'fs'));
      await this.persist(folder, ctx);
      return safeToken(token);
    });
    await ctx.keep(resource);
    const data: CheckpointData = {
      base: open.base,
      folders: open.frozen.map((folder) => path.relative(this.store.root, folder)),
    };
    return { resources: [resource], data: data as unknown as Json };
  }

  /** Writes the image. */
  async capture(machine: Machine, config: SandboxConfig, ctx: ResourceContext): Promise<Artifact> {
    const open = this.openOf(machine);
    const { touched } = open.machine;
    await open.machine.settle(ctx);
    const frozen = open.frozen.map((dir) => ({ dir, frozen: true }));
    // A machine that only started has made places for mounts: that is no change of the image.
    const changed = touched ? [...frozen, { dir: open.machine.upper, frozen: false }] : frozen;
    const captured = {
      base: open.base,
      baseFolders: open.baseFolders,
      changed,
      privilege: this.ability.privilege,
      store: this.store,
    };
    const { artifact, image, made, epoch } = await capture(captured, config, ctx);
    await this.store.remember(artifactKey(artifact), image);
    // Whoever builds on it finds its layer unpacked. Checkpoints stay as they are: other builds go on from them.
    for (const { dir, frozen, layer } of made) if (!frozen) await this.trees.adopt(dir, layer.diffId, epoch, ctx);
    return artifact;
  }

  /** Whether a machine or a checkpoint is still there, with all it needs. */
  async exists(resource: ResourceRecord): Promise<boolean> {
    const isLayer = resource.kind === 'sandbox:layer';
    const { blobs = [] } = resource.locator as { blobs?: readonly string[] };
    for (const digest of blobs) if (!(await this.store.hasBlob(digest))) return false;
    const folder = path.join(this.store.folderOf(resource), isLayer ? 'fs' : '');
    return fs.stat(folder).then(
      () => true,
      () => false,
    );
  }

  /** Ends what runs, and deletes the folder. */
  async destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    await this.discard(this.store.folderOf(resource), safeToken(resource.token), ctx);
  }

  /** How a person gets into a machine that was kept. */
  access(machine: Machine): Access {
    const { machine: sandbox } = this.openOf(machine);
    return { enter: sandbox.enterCommand, remove: sandbox.removeCommand };
  }

  /** Nothing may go on when the run is over; the files of machines that are kept stay. */
  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map(({ machine }) => machine.stop()));
  }

  private async discard(folder: string, id: string, ctx: RunContext): Promise<void> {
    await this.open.get(id)?.machine.stop();
    this.open.delete(id);
    if (!(await fs.stat(folder).catch(() => undefined))) return;
    await killMachine(folder, ctx);
    await removeTree(folder, this.ability.privilege, ctx);
  }

  private async start(
    config: SandboxConfig,
    from: LaunchFrom,
    shop: Parameters<typeof bringArtifact>[1],
    ctx: ResourceContext,
  ): Promise<{ base: RootImage; frozen: string[] }> {
    if (from.kind === 'base') return { base: await bringBase(from.base, config.local, shop, ctx), frozen: [] };
    if (from.kind === 'artifact') return { base: await bringArtifact(from.artifact, shop, ctx), frozen: [] };
    const { base, folders } = from.checkpoint.data as unknown as CheckpointData;
    return { base, frozen: folders.map((folder) => path.join(this.store.root, folder)) };
  }

  /** The machine's file system did not sync: a checkpoint that is on record must outlive a power failure. */
  private async persist(folder: string, ctx: RunContext): Promise<void> {
    if (!this.ability.volatile) return;
    await runTool(privileged(this.ability.privilege, ['sync', '--file-system', folder]), ctx).catch(
      (error: unknown) => {
        throw explainTool(error, 'CAPTURE_FAILED', 'writing a checkpoint to disk');
      },
    );
  }

  private openOf({ resource }: Machine): Open {
    const open = this.open.get(safeToken(resource.token));
    if (open) return open;
    throw new GoldsmithError('INTERNAL', `the sandbox ${resource.token} was not started by this run`);
  }
}
