import * as path from 'node:path';
import { Catalog } from '../catalog/catalog';
import { FileStore } from '../catalog/file-store';
import type { Store } from '../catalog/store';
import { GoldsmithError, messageOf } from '../errors';
import type { Extension } from '../extension';
import type { ResourceRecord } from '../extension/artifact';
import type { Clock } from '../extension/context';
import type { Stray } from '../extension/platform';
import { systemClock } from './clock';
import { destroyResource } from './destroy';
import { Extensions } from './extensions';
import { idleContext } from './idle-context';
import { RunFolder } from './run-folder';

/** Options of {@link search}. */
export interface SearchOptions {
  /** Folder from which the platforms' modules are loaded. */
  readonly projectDir: string;
  /** @default - `.goldsmith` in the project folder */
  readonly stateDir?: string;
  /** Modules of platforms, by type key, such as `amazon-ebs` of `goldsmith/aws`. */
  readonly modules: Readonly<Record<string, string>>;
  /**
   * Milliseconds after which a run that this state folder knows nothing of counts as dead, from the last thing that it made.
   * @default 86400000 (a day)
   */
  readonly olderThan?: number;
  /** Environment for the platforms' clients. @default - none */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** @default - loaded by the modules */
  readonly extensions?: ReadonlyMap<string, Extension> | undefined;
  /** @default - the system's */
  readonly clock?: Clock;
  /** Stops it when it is aborted. @default - nothing stops it */
  readonly signal?: AbortSignal;
  /** @default - files in the state folder */
  readonly store?: Store;
  /** Told of what could not be looked at. */
  readonly onWarning?: (text: string) => void;
}

/** A run of which something was found on a platform. */
export interface StrayRun {
  readonly run: string;
  readonly app: string;
  /** When the last thing that it made was made, in milliseconds since the epoch; undefined where nothing tells. */
  readonly lastSign: number | undefined;
  /**
   * `alive`: a process of this machine goes on with it. `over`: it is dead here, or so old that it must be. `unknown`: it may be that of
   * another machine which goes on, or things that were left on purpose.
   */
  readonly state: 'alive' | 'over' | 'unknown';
  readonly resources: readonly ResourceRecord[];
}

/** What a search found, and how it is deleted. */
export interface Search {
  /** Oldest first. */
  readonly runs: readonly StrayRun[];
  /** Deletes what was found of a run. Resolves with what could not be deleted. */
  destroy(run: StrayRun): Promise<readonly { readonly resource: ResourceRecord; readonly error: string }[]>;
  close(): Promise<void>;
}

/** How long a run that nobody here knows may be silent and alive: longer than builds take. */
const SILENCE = 86_400_000;

/**
 * Finds on platforms what runs of any machine have left, by its tags: for who has credentials and no journal. What belongs to a finished
 * artifact, or to one that the catalog of this state folder knows, is no leftover.
 */
export async function search(options: SearchOptions): Promise<Search> {
  const stateDir = path.resolve(options.projectDir, options.stateDir ?? '.goldsmith');
  const { clock = systemClock, onWarning } = options;
  const extensions = new Extensions(options.modules, options.projectDir, options.extensions);
  const ctx = idleContext({
    ...options,
    stateDir,
    tempDir: stateDir,
    ...(onWarning && { emit: (event) => event.type === 'message' && onWarning(event.text) }),
  });
  try {
    const strays: Stray[] = [];
    for (const use of Object.keys(options.modules)) {
      const driver = await extensions.driver(use, ctx);
      if (!driver.findAll) {
        throw new GoldsmithError(
          'BAD_USAGE',
          `\`${use}\` cannot be searched: it gives nothing of its own a run's tags`,
        );
      }
      strays.push(...(await driver.findAll(ctx)));
    }
    const kept = await new Catalog(options.store ?? new FileStore(path.join(stateDir, 'store'))).tokens();
    const states = new Map<string, Awaited<ReturnType<RunFolder['state']>>>();
    for (const folder of await RunFolder.all(stateDir)) states.set(folder.id, await folder.state());
    const runs = grouped(strays.filter(({ resource }) => !kept.has(resource.token)))
      .map((found): StrayRun => {
        const [{ run, app }] = found;
        const lastSign = lastSignOf(run, found);
        const silent = lastSign !== undefined && clock.now() - lastSign > (options.olderThan ?? SILENCE);
        const here = states.get(run);
        const state = here === 'alive' ? here : here === 'dead' || (silent && here !== 'kept') ? 'over' : 'unknown';
        return { run, app, lastSign, state, resources: found.map(({ resource }) => resource) };
      })
      .sort((a, b) => (a.lastSign ?? 0) - (b.lastSign ?? 0));
    return {
      runs,
      close: () => extensions.close(),
      destroy: async ({ resources }) => {
        // Twice: what was in the way of the one may be gone after the other.
        let left = resources.map((resource) => ({ resource, error: '' }));
        for (let turn = 0; turn < 2 && left.length > 0; turn += 1) {
          const failed: typeof left = [];
          for (const { resource } of left) {
            await destroyResource(resource, extensions, ctx).catch((error: unknown) => {
              failed.push({ resource, error: messageOf(error) });
            });
          }
          left = failed;
        }
        return left;
      },
    };
  } catch (error) {
    await extensions.close();
    throw error;
  }
}

type Found = readonly [Stray, ...Stray[]];

/** By run; what two platforms of one module both find is there once. */
function grouped(strays: readonly Stray[]): Found[] {
  const runs = new Map<string, Map<string, Stray>>();
  for (const stray of strays) {
    const { kind, id, token } = stray.resource;
    const own = runs.get(stray.run) ?? new Map<string, Stray>();
    runs.set(stray.run, own);
    const key = `${id ?? `${kind} ${JSON.stringify(stray.resource.locator)}`} ${token}`;
    if (!own.has(key)) own.set(key, stray);
  }
  return [...runs.values()].map((own) => [...own.values()] as unknown as Found);
}

/** The latest creation, or the beginning of the run, of which its id speaks. */
function lastSignOf(run: string, found: Found): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(run)?.map(Number) ?? [];
  const signs = found.flatMap(({ createdAt }) => createdAt ?? []);
  if (second !== undefined) signs.push(Date.UTC(year!, month! - 1, day, hour, minute, second));
  return signs.length === 0 ? undefined : Math.max(...signs);
}
