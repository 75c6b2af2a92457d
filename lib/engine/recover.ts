import * as path from 'node:path';
import { FileStore } from '../catalog/file-store';
import type { Store } from '../catalog/store';
import { GoldsmithError } from '../errors';
import type { Extension } from '../extension';
import type { ResourceRecord } from '../extension/artifact';
import type { Clock } from '../extension/context';
import type { RunEventBody } from './events';
import { recoverRun, type Findings } from './recover-run';
import { RunFolder } from './run-folder';
import { sweep } from './sweep';

/** Options of {@link recover}. */
export interface RecoverOptions {
  /** The program's folder. */
  readonly projectDir: string;
  /** @default - `.goldsmith` in the project folder */
  readonly stateDir?: string;
  /**
   * Ids of runs; also what they left on purpose is deleted.
   * @default - all runs that died, and of those only what was not left on purpose
   */
  readonly runs?: readonly string[];
  /** Environment for the platforms' clients. @default - none */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Extensions that are at hand, by type key. @default - loaded by the modules that the journals name */
  readonly extensions?: ReadonlyMap<string, Extension> | undefined;
  /** Time, as it goes. @default - the system's */
  readonly clock?: Clock;
  /** Stops it when it is aborted. @default - nothing stops it */
  readonly signal?: AbortSignal;
  /** Where the catalog is. @default - files in the state folder */
  readonly store?: Store;
  /** Told what is done. */
  readonly emit?: (event: RunEventBody) => void;
}

/** What was found and done. */
export interface Recovery {
  /** Runs that were dead (or named). */
  readonly runs: readonly string[];
  readonly destroyed: readonly ResourceRecord[];
  /** What could not be deleted: still in the journal, and tried again by the next recovery. */
  readonly left: readonly { readonly resource: ResourceRecord; readonly error: string }[];
  /** Journal lines that could not be read. */
  readonly damaged: number;
}

/**
 * Finds and deletes what dead runs left behind. Safe at any time, also beside live runs, and safe to be killed itself: it
 * only goes on where it was.
 */
export async function recover(options: RecoverOptions): Promise<Recovery> {
  const stateDir = path.resolve(options.projectDir, options.stateDir ?? '.goldsmith');
  const store = options.store ?? new FileStore(path.join(stateDir, 'store'));
  const result: Findings = { runs: [], destroyed: [], left: [], damaged: 0 };
  const folders = await RunFolder.all(stateDir);
  for (const id of options.runs ?? []) {
    if (!folders.some((folder) => folder.id === id)) {
      throw new GoldsmithError('NOT_FOUND', `there is no run \`${id}\` in ${stateDir}`, {
        hint: `runs are: ${
          folders
            .map((folder) => folder.id)
            .slice(-10)
            .join(', ') || 'none'
        }`,
      });
    }
  }
  for (const folder of folders) {
    const state = await folder.state();
    const named = options.runs?.includes(folder.id) ?? false;
    if (options.runs ? !named : state !== 'dead') continue;
    if (state === 'alive')
      throw new GoldsmithError('RUN_BUSY', `the run ${folder.id} still goes on`, { hint: 'stop it first' });
    await recoverRun(folder, { ...options, stateDir, store, named }, result);
  }
  await sweep(stateDir, path.resolve(options.projectDir), result.runs.length > 0);
  return result;
}
