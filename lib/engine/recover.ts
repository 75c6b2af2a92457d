import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Catalog } from '../catalog/catalog';
import { FileStore } from '../catalog/file-store';
import type { Store } from '../catalog/store';
import { GoldsmithError, messageOf } from '../errors';
import type { Extension } from '../extension';
import type { ResourceRecord } from '../extension/artifact';
import type { Clock } from '../extension/context';
import { isAlive, type ProcessIdentity } from '../util/identity';
import { destroyResource } from './destroy';
import type { RunEventBody } from './events';
import { Extensions } from './extensions';
import { idleContext } from './idle-context';
import { FileJournal, outstanding, readJournal, type Outstanding } from './journal';
import { RunFolder } from './run-folder';

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
  const result = {
    runs: [] as string[],
    destroyed: [] as ResourceRecord[],
    left: [] as { resource: ResourceRecord; error: string }[],
    damaged: 0,
  };
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
  await dropDeadLocks(path.join(stateDir, 'locks'));
  return result;
}

interface OneRun extends RecoverOptions {
  readonly stateDir: string;
  readonly store: Store;
  readonly named: boolean;
}

async function recoverRun(
  folder: RunFolder,
  options: OneRun,
  result: {
    runs: string[];
    destroyed: ResourceRecord[];
    left: { resource: ResourceRecord; error: string }[];
    damaged: number;
  },
): Promise<void> {
  const { records, damaged } = await readJournal(folder.journal);
  result.runs.push(folder.id);
  result.damaged += damaged;
  const first = records.find((record) => record.type === 'run');
  const found = await withoutKept(outstanding(records), new Catalog(options.store));
  const todo = found.filter(({ left }) => options.named || !left);
  const extensions = new Extensions(first?.modules ?? {}, options.projectDir, options.extensions);
  const journal = await FileJournal.open(folder.journal);
  let failed = 0;
  try {
    for (const { node, resource } of todo) {
      const shown = { node, kind: resource.kind, id: resource.id };
      options.emit?.({ type: 'resource', phase: 'destroying', ...shown });
      try {
        await destroyResource(
          resource,
          extensions,
          idleContext({
            ...options,
            tempDir: folder.temp,
            run: folder.id,
            app: first?.app ?? '',
            node,
          }),
        );
        await journal.append({ type: 'destroyed', token: resource.token });
        result.destroyed.push(resource);
        options.emit?.({ type: 'resource', phase: 'destroyed', ...shown });
      } catch (error) {
        failed += 1;
        result.left.push({ resource, error: messageOf(error) });
        options.emit?.({ type: 'resource', phase: 'leaked', ...shown });
      }
    }
  } finally {
    await journal.close();
    await extensions.close();
  }
  if (failed === 0) await folder.end(found.length > todo.length ? 'kept' : 'nothing');
}

/** A run can die between recording an artifact and saying so in its journal: the record decides. */
async function withoutKept(found: readonly Outstanding[], catalog: Catalog): Promise<Outstanding[]> {
  if (found.length === 0) return [];
  const kept = new Set<string>();
  for (const { artifact, consumed } of await catalog.records()) {
    if (!consumed) for (const { token } of artifact?.resources ?? []) kept.add(token);
  }
  for (const { checkpoint } of await catalog.checkpoints())
    for (const { token } of checkpoint.resources) kept.add(token);
  return found.filter(({ resource }) => !kept.has(resource.token));
}

async function dropDeadLocks(dir: string): Promise<void> {
  for (const name of await fs.readdir(dir).catch(() => [])) {
    const file = path.join(dir, name);
    try {
      const owner = JSON.parse(await fs.readFile(file, 'utf8')) as ProcessIdentity;
      if (!isAlive(owner)) await fs.rm(file, { force: true });
    } catch {
      await fs.rm(file, { force: true });
    }
  }
}
