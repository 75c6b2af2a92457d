import type { Json, JsonObject } from '../../../plan/json';
import { isObject } from '../../../plan/json';

/**
 * What of an image's configuration says how it is run: OCI image-spec, config.md, and Docker's additions to it
 * (Healthcheck, OnBuild, Shell). What is not named here stays as it is.
 */
export interface RunConfig {
  Env?: string[];
  Cmd?: string[] | null;
  Entrypoint?: string[] | null;
  ExposedPorts?: Record<string, object>;
  Volumes?: Record<string, object>;
  Labels?: Record<string, string>;
  WorkingDir?: string;
  User?: string;
  StopSignal?: string;
  Healthcheck?: Healthcheck;
  OnBuild?: string[];
  Shell?: string[];
}

/** How an engine finds out whether a container is well. Times are in nanoseconds. */
export interface Healthcheck {
  Test: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  Retries?: number;
}

/** How an image is run; a copy. */
export function runConfigOf(config: JsonObject): RunConfig {
  return isObject(config['config']) ? (structuredClone(config['config']) as RunConfig) : {};
}

/** The variables of an environment list. */
export function environmentOf(run: RunConfig): Record<string, string> {
  return Object.fromEntries(
    (run.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
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
