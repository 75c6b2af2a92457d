import type { Catalog, NodeRecord } from '../catalog/catalog';
import type { Store } from '../catalog/store';
import type { Artifact, ResourceRecord } from '../extension/artifact';
import type { CheckResult } from '../extension/check';
import type { Clock } from '../extension/context';
import type { Json } from '../plan/json';
import type { Plan } from '../plan/schema';
import type { Carried } from './carried';
import type { LeftBehind, NodeState, RunEventBody } from './events';
import type { Extensions } from './extensions';
import type { Journal } from './journal';
import type { LockFile } from './lock-file';
import type { OnError } from './options';
import type { Redactor } from './redact';

/** How a node ended, for the nodes after it. */
export interface NodeOutcome {
  readonly state: NodeState;
  readonly artifact?: Artifact | undefined;
  /**
   * What the post-processors after it take.
   * @default - its artifact
   */
  readonly carries?: readonly Carried[];
  readonly builtAt: number;
  /** Its record, where the artifact waits for verifications to be published. */
  readonly held?: NodeRecord;
  /** Cache key under which it is recorded. */
  readonly key: string;
}

/** What one run shares between its parts. */
export interface Services {
  readonly plan: Plan;
  readonly run: { readonly id: string; readonly app: string; readonly startedAt: number };
  readonly projectDir: string;
  readonly stateDir: string;
  readonly tempDir: string;
  readonly assetsDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Cleaning up goes on when the run is cancelled; this one ends it too. */
  readonly cleanupSignal: AbortSignal;
  readonly journal: Journal;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly lock: LockFile;
  readonly extensions: Extensions;
  readonly redactor: Redactor;
  readonly outcomes: Map<string, NodeOutcome>;
  /** How the checks of each verification went, in its latest try. */
  readonly checks: Map<string, readonly CheckResult[]>;
  readonly left: LeftBehind[];
  readonly lookups: Map<string, Promise<Json>>;
  /** What lookups of values found, once it is known. */
  readonly known: Map<string, Json>;
  /** Secrets that are read once a run, by their reference. */
  readonly secrets: Map<string, Promise<string>>;
  readonly settings: {
    readonly onError: OnError;
    /** Nodes to build whether or not they are cached. */
    readonly forced: ReadonlySet<string>;
    readonly force: boolean;
    readonly checkpoints: boolean;
    readonly update: boolean;
    readonly locked: boolean;
    readonly debug: boolean;
    readonly interactive: boolean;
    readonly command: string;
  };
  emit(event: RunEventBody): void;
  /** Asks the person in front; the fallback at once where there is none. */
  ask(node: string, question: string, fallback: string, signal: AbortSignal): Promise<string>;
  /** Deletes whatever a record names. */
  destroy(resource: ResourceRecord, node: string, signal: AbortSignal): Promise<void>;
}
