import type { RunConfig } from '../../../oci/run-config';
import { isObject, type Json, type JsonObject } from '../../../plan/json';

/** How an image is run. */
export function runConfigOf(config: JsonObject): RunConfig {
  return isObject(config['config']) ? (config['config'] as RunConfig) : {};
}

/** When an image was made, in seconds since the epoch. */
export function createdAt(config: JsonObject): number | undefined {
  const created = typeof config['created'] === 'string' ? Date.parse(config['created']) : Number.NaN;
  return Number.isNaN(created) ? undefined : Math.floor(created / 1000);
}

/** The configuration of an image with more layers and another way to be run. */
export function extendConfig(
  base: JsonObject,
  added: {
    readonly run: RunConfig;
    readonly layers: readonly { readonly diffId: string; readonly by: string }[];
    readonly epoch: number;
  },
): JsonObject {
  const created = new Date(added.epoch * 1000).toISOString().replace('.000Z', 'Z');
  const rootfs = isObject(base['rootfs']) ? base['rootfs'] : {};
  const diffIds = Array.isArray(rootfs['diff_ids']) ? (rootfs['diff_ids'] as Json[]) : [];
  const history = Array.isArray(base['history']) ? (base['history'] as Json[]) : [];
  // Some readers refuse a history that tells of fewer layers than there are.
  const told = history.filter((entry) => isObject(entry) && entry['empty_layer'] !== true).length;
  const untold = Array.from({ length: Math.max(diffIds.length - told, 0) }, () => ({ created, created_by: 'unknown' }));
  const { id: _id, container: _container, container_config: _containerConfig, parent: _parent, ...kept } = base;
  return {
    ...kept,
    created,
    config: added.run as unknown as JsonObject,
    rootfs: { type: 'layers', diff_ids: [...diffIds, ...added.layers.map(({ diffId }) => diffId)] },
    history: [...history, ...untold, ...added.layers.map(({ by }) => ({ created, created_by: by }))],
  };
}
