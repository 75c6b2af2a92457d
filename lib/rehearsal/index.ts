export type { Quotas } from './aws/quota';
export type { InventoryEntry } from './inventory';
export { openRehearsal, type OpenRehearsalOptions } from './open';
export type { RehearsalOptions } from './options';
export type { RehearsalReport } from './rehearse';
export type { Rehearsal } from './rehearsal';
export type { TroubleOptions } from './trouble';
