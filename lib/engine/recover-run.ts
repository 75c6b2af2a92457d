import * as fs from 'node:fs/promises';
import { Catalog } from '../catalog/catalog';
import { messageOf } from '../errors';
import type { ResourceRecord } from '../extension/artifact';
import type { RunContext } from '../extension/context';
import { destroyResource } from './destroy';
import { Extensions } from './extensions';
import { idleContext } from './idle-context';
import { FileJournal, outstanding, readJournal, type JournalRecord, type Outstanding } from './journal';
import type { Recovery, RecoverOptions } from './recover';
import type { RunFolder } from './run-folder';

/** A recovery that goes on. */
export type Findings = {
  -readonly [K in keyof Recovery]: Recovery[K] extends readonly (infer E)[] ? E[] : Recovery[K];
};

/** Where to look, and whether this run was named: then also what it left on purpose is deleted. */
export type OneRun = RecoverOptions &
  Required<Pick<RecoverOptions, 'stateDir' | 'store'>> & { readonly named: boolean };

/** Deletes what one run left behind: by its journal, and where that is damaged also by the run's tags on the platforms. */
export async function recoverRun(folder: RunFolder, options: OneRun, result: Findings): Promise<void> {
  const { records, damaged } = await readJournal(folder.journal);
  result.runs.push(folder.id);
  result.damaged += damaged;
  const about = records.find((record) => record.type === 'run') ?? (await folder.origin());
  const modules = about?.modules ?? {};
  const extensions = new Extensions(modules, options.projectDir, options.extensions);
  const contextFor = (node: string): RunContext =>
    idleContext({ ...options, tempDir: folder.temp, run: folder.id, app: about?.app ?? '', node });
  const lastWords = await fs.stat(folder.journal).catch(() => undefined);
  const journal = await FileJournal.open(folder.journal);
  try {
    const listed = outstanding(records);
    // Without its first line a journal is not all there either.
    const isWhole = damaged === 0 && records.some(({ type }) => type === 'run');
    const uses = Object.keys(modules).filter((use) => extensions.has('platform', use));
    const open = new Set(listed.map(({ resource }) => resource.kind.split(':')[0]!));
    const asked = uses.filter((use) => !isWhole || open.has(use));
    await untilSeen(asked, lastWords?.mtimeMs ?? 0, extensions, contextFor(''));
    const searched = isWhole ? NOTHING : await search(uses, records, listed, extensions, contextFor(''));
    const found = await withoutKept([...searched.found, ...listed], new Catalog(options.store));
    const todo = found.filter(({ left }) => options.named || !left);
    const destroy = async ({ node, resource }: Outstanding): Promise<void> => {
      const shown = { node, kind: resource.kind, id: resource.id ?? resource.token };
      options.emit?.({ type: 'resource', phase: 'destroying', ...shown });
      await destroyResource(resource, extensions, contextFor(node));
      // If this cannot be written, it is deleted again the next time, which does no harm.
      await journal.append({ type: 'destroyed', token: resource.token }).catch(() => undefined);
      result.destroyed.push(resource);
      options.emit?.({ type: 'resource', phase: 'destroyed', ...shown });
    };
    const failed: Outstanding[] = [];
    for (const entry of todo) await destroy(entry).catch(() => failed.push(entry));
    // Once more, newest first as before: what was in the way may be gone now.
    const left = [...searched.failed];
    for (const entry of failed) {
      await destroy(entry).catch((error: unknown) => {
        const { node, resource } = entry;
        left.push({ resource, error: messageOf(error) });
        options.emit?.({
          type: 'resource',
          phase: 'leaked',
          node,
          kind: resource.kind,
          id: resource.id ?? resource.token,
        });
      });
    }
    result.left.push(...left);
    if (left.length === 0) await folder.end(found.length > todo.length ? 'kept' : 'nothing');
  } finally {
    await journal.close();
    await extensions.close();
  }
}

/** What a run made in its last moments may not be seen yet, and would count as gone. */
async function untilSeen(
  uses: readonly string[],
  lastWords: number,
  extensions: Extensions,
  ctx: RunContext,
): Promise<void> {
  // One that cannot be loaded says so where something of it is deleted.
  const drivers = await Promise.all(uses.map((use) => extensions.driver(use, ctx).catch(() => undefined)));
  const longest = Math.max(0, ...drivers.map((driver) => driver?.seenAfter ?? 0));
  const wait = lastWords + longest - ctx.clock.now();
  if (longest > 0 && wait > 0) await ctx.clock.sleep(Math.min(wait, longest), ctx.signal);
}

interface Searched {
  readonly found: readonly Outstanding[];
  /** Platforms that could not be searched. */
  readonly failed: readonly Recovery['left'][number][];
}

const NOTHING: Searched = { found: [], failed: [] };

/** What carries the run's tags, and is not in its journal: a damaged one may have lost the line that announced it. */
async function search(
  uses: readonly string[],
  records: readonly JournalRecord[],
  listed: readonly Outstanding[],
  extensions: Extensions,
  ctx: RunContext,
): Promise<Searched> {
  const known = new Set(listed.map(({ resource }) => resource.token));
  for (const record of records) if (record.type === 'kept') known.add(record.token);
  const found: ResourceRecord[] = [];
  const failed: Recovery['left'][number][] = [];
  for (const use of uses) {
    try {
      found.push(...((await (await extensions.driver(use, ctx)).find?.(ctx.run.id, ctx)) ?? []));
    } catch (error) {
      failed.push({ resource: { kind: use, token: ctx.run.id, locator: null }, error: messageOf(error) });
    }
  }
  return { found: found.filter(({ token }) => !known.has(token)).map((resource) => ({ node: '', resource })), failed };
}

/** A run can die between recording an artifact and saying so in its journal: the record decides. */
async function withoutKept(found: readonly Outstanding[], catalog: Catalog): Promise<Outstanding[]> {
  if (found.length === 0) return [];
  const kept = await catalog.tokens();
  return found.filter(({ resource }) => !kept.has(resource.token));
}
