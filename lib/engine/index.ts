export { Catalog, FileStore, type CheckpointRecord, type NodeRecord, type Store, type Stored } from '../catalog';
export { ERROR_CODES, GoldsmithError, type ErrorCode, type Problem } from '../errors';
export * from '../extension';
export {
  readPlan,
  writePlan,
  type BuildNode,
  type Plan,
  type PlanNode,
  type ProcessNode,
  type VerifyNode,
} from '../plan';
export { systemClock } from './clock';
export { run } from './engine';
export type * from './events';
export { FileJournal, readJournal, type Journal, type JournalRecord } from './journal';
export type { OnError, RunOptions, RunReport } from './options';
export { recover, type RecoverOptions, type Recovery } from './recover';
export { Redactor } from './redact';
export { RunFolder } from './run-folder';
export { search, type Search, type SearchOptions, type StrayRun } from './search';
export { schedule, type Schedulable, type ScheduleOptions } from './scheduler';
