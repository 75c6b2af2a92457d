import type { Json } from '../plan/json';
import type { Artifact, ResourceRecord } from './artifact';
import type { CheckResult } from './check';
import type { Communicator } from './communicator';

/** Time, injected: tests advance a virtual one and never sleep. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when that comes first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Progress of something long, such as a transfer. */
export interface Progress {
  /** What is going on, such as `pull layer 3f4c…`. The same label again replaces the earlier one. */
  readonly label: string;
  readonly current: number;
  readonly total?: number;
  readonly unit: 'bytes' | 'items';
}

/** What every extension gets: no engine types, no globals. */
export interface RunContext {
  /** Aborted when the run is cancelled or the step's time is up. Pass it to everything that waits. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Folder of the user's program: what relative output paths start from. */
  readonly projectDir: string;
  /** Folder for what outlives this run (`.goldsmith`); extensions keep their own things in a folder named by their type key. */
  readonly stateDir: string;
  /** Folder for temporary files of this run; deleted when the run ends, also by `recover`. */
  readonly tempDir: string;
  /** Environment of the process: extensions never read process.env. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: { readonly id: string; readonly app: string; readonly startedAt: number };
  /** The node that runs: its id, and for a build its image's and source's. */
  readonly node: { readonly id: string; readonly image?: string; readonly source?: string };
  /** Lines that a command printed, as they come; secrets are removed on the way. */
  output(text: string, stream?: 'stdout' | 'stderr'): void;
  /** One line that goldsmith says itself. */
  say(text: string): void;
  warn(text: string): void;
  progress(progress: Progress): void;
  /** Registers a value that must never be shown, in any encoding. */
  secret(value: string): void;
  /** Absolute path of a path the user wrote, relative to the project. */
  resolvePath(path: string): string;
  /** What was taken on trust once, recorded in the lock file. Absent where there is none. */
  readonly trust?: Trust;
  /**
   * Asks until `probe` answers something, at growing intervals of the clock.
   * @throws GoldsmithError when `timeout` (milliseconds, default 5 minutes) is over; the text says what was waited for.
   */
  poll<T>(what: string, probe: () => Promise<T | undefined>, options?: PollOptions): Promise<T>;
}

/** Things that are believed when they are first seen, such as host keys, and must be the same from then on. */
export interface Trust {
  /** What is recorded of a subject, such as `ssh build.acme.test:22`. */
  recorded(subject: string): Promise<string | undefined>;
  /**
   * Records what a subject shows, unless something is recorded already. Returns what is recorded then.
   * @throws GoldsmithError LOCKED where the lock file must not change
   */
  record(subject: string, value: string): Promise<string>;
}

/** How {@link RunContext.poll} waits. */
export interface PollOptions {
  /** Milliseconds. @default 300000 */
  readonly timeout?: number;
  /** First interval in milliseconds; it doubles up to `maxInterval`. @default 100 */
  readonly interval?: number;
  /** Milliseconds. @default 5000 */
  readonly maxInterval?: number;
}

/** What a context can do that may create things. */
export interface ResourceContext extends RunContext {
  /** Whether the user allowed to overwrite what goldsmith did not make (`--force`). */
  readonly force: boolean;
  /** What the same node made last time, if it is known: goldsmith may replace that. */
  readonly previous: Artifact | undefined;
  /** Owner tags to put on everything created: run, app, node. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * The only way to create anything. Journals the intent, runs `create` shielded from cancellation, journals the
   * id, and has it destroyed when the node ends, unless {@link keep} is called.
   *
   * `create` gets the token to put on the request (a name, a label, a client token): the same for the same
   * place in the same build, whichever attempt. It returns the platform's id.
   */
  acquire(kind: string, locator: Json, create: (token: string) => Promise<string>): Promise<ResourceRecord>;
  /** It is now part of an artifact or a checkpoint: do not destroy it when the node ends. */
  keep(resource: ResourceRecord): Promise<void>;
  /** Destroys it now rather than when the node ends. */
  release(resource: ResourceRecord): Promise<void>;
  /**
   * Writes an output file or folder: `write` gets the path of a temporary one beside it, which is moved to `path`
   * when all is well. Refuses (OUTPUT_EXISTS) to replace what goldsmith did not make. The record is kept already;
   * its kind is `file`, and the engine itself knows how to find and delete it.
   *
   * @param path as the user wrote it: relative to the project, or absolute
   */
  writeOutput(
    path: string,
    write: (temporary: string) => Promise<void>,
    options?: WriteOptions,
  ): Promise<ResourceRecord>;
}

/** Options of {@link ResourceContext.writeOutput}. */
export interface WriteOptions {
  /** The new content takes in what was there before, so nothing is lost by replacing a file that goldsmith did not make. */
  readonly merges?: boolean;
}

/** What a provisioner gets beside the machine. */
export interface ProvisionContext extends RunContext {
  /** The facts that scripts see: `GOLDSMITH_*`, `PACKER_BUILD_NAME`, `PACKER_BUILDER_TYPE`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether somebody sits in front who can answer. */
  readonly interactive: boolean;
  /** Asks the person in front and resolves with the answer; with `fallback` at once where nobody can answer. */
  ask(question: string, fallback: string): Promise<string>;
  /** Tells how a check went: everybody who watches sees it, and the report keeps it. */
  check(result: CheckResult): void;
  /**
   * Boots the artifact once more, on a machine of its own, and deletes that when `use` ends, however it does. Only a verification
   * has it.
   */
  freshMachine?<T>(use: (machine: Communicator) => Promise<T>): Promise<T>;
}

/** What a post-processor gets. */
export interface ProcessContext extends ResourceContext {
  readonly variables: Readonly<Record<string, string>>;
  /** The build that each input comes from, in the order of the inputs. */
  readonly origins: readonly BuildOrigin[];
  /**
   * Has something stay that is not done, where the step fails, is interrupted or its process dies: the next run finds it and goes on.
   * The report shows it with `detail`, and `recover` deletes it only where its run is named. `keep` makes it part of the artifact.
   */
  leaveUnfinished(resource: ResourceRecord, detail: string): Promise<void>;
  /** Makes sure that no other run writes the same file meanwhile; held until the node ends. */
  lockFile(path: string): Promise<void>;
}

/** Where an artifact comes from. */
export interface BuildOrigin {
  /** Id of the build node, such as `Web/Docker`. */
  readonly build: string;
  readonly image: string;
  /** Type key of the source, such as `docker`. */
  readonly use: string;
  readonly artifact: Artifact;
  /** Whether the build was taken from the cache in this run. */
  readonly cached: boolean;
  /** When it was built, milliseconds since the epoch. */
  readonly builtAt: number;
}
