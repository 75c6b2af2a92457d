import type { Store } from '../catalog/store';
import type { Extension } from '../extension';
import type { Clock } from '../extension/context';
import type { NodeResult, LeftBehind, RunEvent } from './events';
import type { Journal } from './journal';

/** What happens with the machine when a build fails. */
export type OnError = 'cleanup' | 'keep' | 'ask';

/** Options of a run. */
export interface RunOptions {
  /** Folder of the user's program: relative paths start here, and the lock file is here. */
  readonly projectDir: string;
  /**
   * Where state is kept.
   * @default - `.goldsmith` in the project folder
   */
  readonly stateDir?: string;
  /**
   * The lock file.
   * @default - `goldsmith.lock.json` in the project folder
   */
  readonly lockFile?: string;
  /**
   * Folder with the plan's assets.
   * @default - `goldsmith.out/assets` in the project folder
   */
  readonly assetsDir?: string;
  /**
   * Globs over node ids, such as `Web/*`: builds only these and what they need.
   * @default - everything
   */
  readonly select?: readonly string[];
  /** Cancels the run: it stops, cleans up, and resolves with status `cancelled`. */
  readonly signal?: AbortSignal;
  /** Ends the cleaning up too: what is left is in the report. */
  readonly cleanupSignal?: AbortSignal;
  /** Called with every event, in order. */
  readonly onEvent?: (event: RunEvent) => void;
  /**
   * How many nodes run at once; 0 for no limit.
   * @default 16
   */
  readonly parallel?: number;
  /**
   * How many nodes of a pool run at once; a platform's pool is its type key.
   * @default - no limits but `parallel`
   */
  readonly pools?: Readonly<Record<string, number>>;
  /** @default 'cleanup' */
  readonly onError?: OnError;
  /**
   * Builds the selected nodes though they are cached, and overwrites output files that goldsmith did not make.
   * @default false
   */
  readonly force?: boolean;
  /**
   * Keeps a checkpoint after each provisioner where the platform can.
   * @default true
   */
  readonly checkpoints?: boolean;
  /**
   * Resolves all lookups anew.
   * @default false
   */
  readonly update?: boolean;
  /**
   * Fails where a lookup is not in the lock file.
   * @default false
   */
  readonly locked?: boolean;
  /**
   * Waits for a key before each step.
   * @default false
   */
  readonly debug?: boolean;
  /**
   * How the user starts a build, for messages that say how to do something again.
   * @default 'goldsmith build'
   */
  readonly command?: string;
  /** Asks the person in front. Without it nobody is asked. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string>;
  /**
   * Environment for secrets and platform clients.
   * @default - empty
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values of sensitive variables. */
  readonly variables?: Readonly<Record<string, string>>;
  /**
   * Extensions that are loaded already, by type key.
   * @default - the plan's modules are loaded from the project
   */
  readonly extensions?: ReadonlyMap<string, Extension>;
  /** @default - the real time */
  readonly clock?: Clock;
  /** @default - files in the state folder */
  readonly store?: Store;
  /** @default - a file in the run's folder */
  readonly openJournal?: (file: string) => Promise<Journal>;
}

/** How a run ended. */
export interface RunReport {
  readonly run: string;
  readonly ok: boolean;
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  /** Milliseconds. */
  readonly duration: number;
  readonly nodes: readonly NodeResult[];
  /** What is left on the platforms: kept on purpose, or not deletable. */
  readonly left: readonly LeftBehind[];
  /** Folder with the run's journal and events. */
  readonly dir: string;
}
