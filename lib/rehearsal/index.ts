export type { Quotas } from './aws/quota';
export type { InventoryEntry } from './inventory';
export type { RehearsalOptions } from './options';
export type { Rehearsal } from './rehearsal';
export type { TroubleOptions } from './trouble';
