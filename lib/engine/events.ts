import type { Problem } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { CheckResult } from '../extension/check';

/** How far a node has come. */
export type NodeState =
  /** Waits for what it depends on, or for a free place in its pool. */
  | 'pending'
  | 'running'
  | 'succeeded'
  /** Taken from the cache: nothing was launched. */
  | 'cached'
  | 'failed'
  /** Something it depends on failed. */
  | 'skipped'
  | 'cancelled';

/** How a step ended. */
export type StepState =
  | 'succeeded'
  /** A checkpoint that holds its result was used. */
  | 'cached'
  | 'failed'
  /** It failed, and the build goes on (`continueOnError`). */
  | 'tolerated'
  /** It did not run: something before it failed, or nothing failed and it runs only on failure. */
  | 'skipped';

/** A node, as the first event announces it. */
export interface NodeSummary {
  /** Its path, such as `Web/Docker`. */
  readonly id: string;
  readonly kind: 'build' | 'verify' | 'process';
  /** Type key of what runs it, such as `docker`. */
  readonly use: string;
  readonly dependsOn: readonly string[];
  /** Its steps in order; for a build also the steps the engine adds (`launch`, `connect`, `capture`). */
  readonly steps: readonly StepSummary[];
}

/** A step of a node. */
export interface StepSummary {
  readonly id: string;
  readonly use: string;
}

/** What was taken from the cache, said out loud. */
export interface CacheUse {
  /** When it was built: milliseconds since the epoch. */
  readonly builtAt: number;
  /** How to refresh it. */
  readonly refresh: string;
}

/** How a run ended: what the last event and the report hold of each node. */
export interface NodeResult {
  readonly id: string;
  readonly state: NodeState;
  /** Milliseconds. */
  readonly duration: number;
  readonly artifact?: Artifact | undefined;
  readonly cache?: CacheUse | undefined;
  readonly error?: Problem | undefined;
  /** Of a verification: how each of its checks went, also where it is cached. */
  readonly checks?: readonly CheckResult[] | undefined;
  /** Ids of the nodes that made it be skipped. */
  readonly because?: readonly string[] | undefined;
}

/** Something that was left behind, and how to remove it. */
export interface LeftBehind {
  readonly kind: string;
  readonly id: string;
  readonly node: string;
  /** Why: it was kept on purpose, or could not be deleted. */
  readonly why: 'kept' | 'leaked';
  readonly detail: string;
}

/** What happens during a run. One typed union; every reporter reads it and nothing else. */
export type RunEventBody =
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly app: string;
      /** Version of goldsmith. */
      readonly version: string;
      readonly nodes: readonly NodeSummary[];
      readonly parallel: number;
    }
  | { readonly type: 'node-started'; readonly node: string }
  | ({ readonly type: 'node-finished' } & NodeResultEvent)
  | {
      readonly type: 'step-started';
      readonly node: string;
      readonly step: string;
      readonly use: string;
      readonly attempt: number;
    }
  | {
      readonly type: 'step-finished';
      readonly node: string;
      readonly step: string;
      readonly state: StepState;
      /** Milliseconds. */
      readonly duration: number;
      readonly error?: Problem | undefined;
    }
  | {
      readonly type: 'output';
      readonly node: string;
      readonly step?: string | undefined;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  /** How a check of a verification went. */
  | ({ readonly type: 'check'; readonly node: string; readonly step: string } & CheckResult)
  | {
      readonly type: 'message';
      readonly level: 'info' | 'warning' | 'error';
      readonly node?: string | undefined;
      readonly step?: string | undefined;
      readonly text: string;
    }
  | {
      readonly type: 'progress';
      readonly node: string;
      readonly step?: string | undefined;
      readonly label: string;
      readonly current: number;
      readonly total?: number | undefined;
      readonly unit: 'bytes' | 'items';
    }
  | {
      readonly type: 'resource';
      readonly node: string;
      readonly phase: 'creating' | 'created' | 'kept' | 'destroying' | 'destroyed' | 'leaked';
      readonly kind: string;
      readonly id?: string | undefined;
    }
  /** Somebody is asked; reporters make room until `answered`. */
  | { readonly type: 'question'; readonly node: string; readonly text: string }
  | { readonly type: 'answered'; readonly node: string; readonly answer: string }
  | {
      readonly type: 'run-finished';
      readonly status: 'succeeded' | 'failed' | 'cancelled';
      /** Milliseconds. */
      readonly duration: number;
      readonly nodes: readonly NodeResult[];
      readonly left: readonly LeftBehind[];
    };

interface NodeResultEvent extends Omit<NodeResult, 'id'> {
  readonly node: string;
}

/** An event: numbered without gaps from 1, with the time in milliseconds since the epoch. */
export type RunEvent = { readonly seq: number; readonly time: number } & RunEventBody;
