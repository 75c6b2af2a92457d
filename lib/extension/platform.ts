import type { Problem } from '../errors';
import type { Json } from '../plan/json';
import type { Artifact, ResourceRecord } from './artifact';
import type { Communicator } from './communicator';
import type { ResourceContext, RunContext } from './context';
import type { PropsSchema } from './props';

/** What a build starts from. */
export type LaunchFrom =
  /** What the source's base resolved to: a lookup's answer or an exact base. Undefined where the source has none. */
  | { readonly kind: 'base'; readonly base: Json | undefined }
  | { readonly kind: 'artifact'; readonly artifact: Artifact }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint };

/** A running machine, as data. */
export interface Machine {
  readonly resource: ResourceRecord;
  /** Whatever the driver's other verbs need. */
  readonly data: Json;
}

/** A cheap snapshot that a later build can start from. */
export interface Checkpoint {
  readonly resources: readonly ResourceRecord[];
  readonly data: Json;
}

/** How to get into a machine that was kept, and how to remove it. */
export interface Access {
  readonly enter: string;
  readonly remove?: string;
}

/** Options of {@link PlatformDriver.lookup}. */
export interface LookupOptions {
  /** The user asked for what is newest (`goldsmith update`): what happens to be here already is not good enough. */
  readonly refresh?: boolean;
}

/** What {@link PlatformDriver.publish} gets. */
export interface PublishContext extends ResourceContext {
  /**
   * Records the artifact as it is so far, with all that was marked by `keep`: where the rest fails, or the process dies, the next run goes
   * on from here. Only of use where the platform has `publishProps`.
   */
  recordSoFar(artifact: Artifact): Promise<void>;
}

/** The verbs of a platform: the engine knows nothing else of it. `C` is the resolved config of its source. */
export interface PlatformDriver<C = unknown> {
  /** The exact base image that a query means now. The answer goes into the lock file, so it holds no secret. */
  lookup?(query: Json, config: C, ctx: RunContext, options?: LookupOptions): Promise<Json>;
  /**
   * Everything that can be known to be wrong before anything is created.
   *
   * @param from what the build starts from, where that is known already
   */
  preflight?(config: C, ctx: RunContext, from?: LaunchFrom): Promise<readonly Problem[]>;
  launch(config: C, from: LaunchFrom, ctx: ResourceContext): Promise<Machine>;
  connect(machine: Machine, config: C, ctx: ResourceContext): Promise<Communicator>;
  /** Runs between steps, nothing of the machine is in use. What it makes it acquires and keeps. */
  checkpoint?(machine: Machine, config: C, ctx: ResourceContext): Promise<Checkpoint>;
  /** Makes the artifact, without its public names; the machine may be stopped for it. What it makes it acquires and keeps. Undefined: the platform makes none. */
  capture(machine: Machine, config: C, ctx: ResourceContext): Promise<Artifact | undefined>;
  /**
   * Gives the artifact the names by which others find it, such as tags, and returns it with them. Comes after {@link capture}, and
   * where the image has verifications only when they passed: what {@link capture} itself makes must not be found by others. Files
   * that it writes by `writeOutput` need nothing: the engine puts them in their places. Idempotent.
   *
   * Copies of the artifact belong here too: what it creates it acquires and keeps.
   */
  publish?(artifact: Artifact, config: C, ctx: PublishContext): Promise<Artifact>;
  /**
   * Milliseconds after which everybody sees what was made: recovery of a run that died waits until then, for what is not seen yet counts
   * as gone. @default 0
   */
  readonly seenAfter?: number;
  /** Whether a resource of an artifact or a checkpoint is still there, as it was made. */
  exists(resource: ResourceRecord, ctx: RunContext): Promise<boolean>;
  /** Deletes. Idempotent: what is gone already is no error. A record without an id is found by its token or locator. */
  destroy(resource: ResourceRecord, ctx: RunContext): Promise<void>;
  /**
   * Everything that carries the tags of a run, in the order in which it can be deleted: machines first. Asked only for a run that
   * died with a damaged journal, so that a lost line loses nothing.
   */
  find?(run: string, ctx: RunContext): Promise<readonly ResourceRecord[]>;
  /**
   * Everything that carries a run's tags, of all runs and wherever the environment's credentials reach, in the order in which it can be
   * deleted. What belongs to a finished artifact is not among it.
   */
  findAll?(ctx: RunContext): Promise<readonly Stray[]>;
  access?(machine: Machine, config: C): Access;
  /** Ends connections to the platform's API when the run is over. */
  close?(): Promise<void>;
}

/** Something of a run, found by its tags. */
export interface Stray {
  readonly run: string;
  readonly app: string;
  readonly node: string;
  /** Milliseconds since the epoch, where the platform tells. */
  readonly createdAt?: number;
  readonly resource: ResourceRecord;
}

/** What a platform finds when it is asked whether it can build here. */
export interface PlatformProbe {
  readonly ok: boolean;
  readonly detail: string;
  readonly fix?: string;
}

/** A platform, as the engine finds it. */
export interface PlatformExtension<C = unknown, Out = C> {
  readonly kind: 'platform';
  /** Type key, such as `docker`. Resources' kinds start with it. */
  readonly use: string;
  /** npm module (with subpath) that exports this extension, such as `goldsmith/docker`. */
  readonly module: string;
  readonly schema: PropsSchema<C, Out>;
  /** Raised when the driver comes to do something else for the same config: invalidates caches. @default 1 */
  readonly revision?: number;
  /** Props that matter only when the artifact is captured: changing them keeps checkpoints valid. */
  readonly captureProps?: readonly string[];
  /** Props in which the machine's provisioning does not show and the artifact neither (pull policy, timeouts): in no digest. */
  readonly passiveProps?: readonly string[];
  /** Props that name the artifact: not inherited by an image that starts from it, and no two builds may share them. */
  readonly nameProps?: readonly string[];
  /** Props that say where the name counts, such as the region: the same name elsewhere is another artifact's. @default - everywhere */
  readonly namePlaceProps?: readonly string[];
  /**
   * Props that only {@link PlatformDriver.publish} looks at, such as the regions to copy to: where they alone change, what was built is
   * published again and not built anew. A platform that has some is published in steps, see {@link PublishContext.recordSoFar}.
   */
  readonly publishProps?: readonly string[];
  /** Kind of artifact it makes with this config, for checks at synth. Undefined: none. */
  produces(config: C): string | undefined;
  /** Files and folders that it writes with this config, as the user wrote them: checked before anything is created. @default - none */
  outputs?(config: Out): readonly string[];
  /** Whether what was built may be taken from the cache. @default true */
  readonly cacheable?: boolean;
  /** Resource pool that limits how many builds run at once. @default its type key */
  readonly pool?: string;
  /** What `goldsmith doctor` shows: whether this machine can build on the platform, and what to do where it cannot. */
  probe?(ctx: RunContext): Promise<PlatformProbe>;
  /** The driver; loads the SDK. Called once a run, when the first build of this platform starts. */
  load(ctx: RunContext): Promise<PlatformDriver<Out>>;
}
