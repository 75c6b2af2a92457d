import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { ResourceRecord } from '../extension/artifact';
import type { WriteOptions } from '../extension/context';
import { digestOf } from '../plan/digest';
import type { Json } from '../plan/json';
import { explainErrno } from '../util/errno';
import type { Scope } from './scope';
import type { Services } from './services';

/** Kind of the resources that are files or folders of the user's disk. */
export const FILE_KIND = 'file';

/** An output that waits beside its place until the image has passed its verifications. */
export interface HeldFile {
  /** Where it lies, as the user would have written it. */
  readonly path: string;
  /** Where it belongs, as the user wrote it. */
  readonly becomes: string;
}

interface FileLocator {
  /** As the user wrote it. */
  readonly path: string;
  /** Where it is written before it is whole. */
  readonly temporary: string;
  /** What was there before lives on in it: it is never deleted for a run that died. */
  readonly merges?: boolean;
  /** Where it belongs when the image has passed its verifications. */
  readonly becomes?: string;
}

/** Where an output is written. */
export interface WriteFrame {
  readonly scope: Scope;
  readonly services: Services;
  readonly signal: AbortSignal;
  /** It waits beside its place until the image has passed its verifications. */
  readonly holds?: boolean;
}

/** Writes an output under its name only when it is whole. See `ResourceContext.writeOutput`. */
export async function writeOutput(
  wanted: string,
  write: (temporary: string) => Promise<void>,
  options: WriteOptions,
  { scope, services, signal, holds }: WriteFrame,
): Promise<ResourceRecord> {
  const output = holds === true ? waitingPlace(wanted) : wanted;
  const target = path.resolve(services.projectDir, output);
  if (!options.merges) await refuseForeign(output, services);
  const token = digestOf([services.run.id, target, process.hrtime.bigint().toString()]).slice(0, 12);
  const temporary = path.join(path.dirname(target), `.goldsmith-${token}.tmp`);
  const locator: FileLocator = {
    path: output,
    temporary,
    ...(options.merges && { merges: true }),
    ...(holds === true && { becomes: wanted }),
  };
  try {
    await fs.mkdir(path.dirname(target), { recursive: true });
    const resource = await scope.acquire(FILE_KIND, locator as unknown as Json, signal, async () => {
      await write(temporary);
      return identityOf(temporary);
    });
    await moveInto(temporary, target);
    await services.store.put(ownerKey(target), { identity: resource.id! });
    scope.keep(resource);
    return resource;
  } catch (error) {
    throw explainErrno(error, `writing ${wanted}`);
  }
}

/** Moves an output that waited to where it belongs. Does nothing where that is done already. */
export async function putInPlace(
  resource: ResourceRecord,
  { path: waiting, becomes }: HeldFile,
  services: Services,
): Promise<ResourceRecord> {
  const target = path.resolve(services.projectDir, becomes);
  const source = path.resolve(services.projectDir, waiting);
  const { temporary } = resource.locator as unknown as FileLocator;
  const next = await identityIfThere(source);
  const id = next ?? resource.id!;
  try {
    if (next !== undefined) {
      await refuseForeign(becomes, services);
      const before = await identityIfThere(target);
      // Wherever this ends, it is known whose file is there.
      await services.store.put(ownerKey(target), { identity: before ?? next, next });
      await moveInto(source, target);
    }
    await services.store.put(ownerKey(target), { identity: id });
    await fs.rm(`${source}.old`, { recursive: true, force: true });
  } catch (error) {
    throw explainErrno(error, `writing ${becomes}`);
  }
  return { ...resource, id, locator: { path: becomes, temporary } };
}

/** Whether an output is still there, waiting or in its place. */
export async function outputIsThere(
  { id }: ResourceRecord,
  { path: waiting, becomes }: HeldFile,
  { projectDir }: Services,
): Promise<boolean> {
  if ((await identityIfThere(path.resolve(projectDir, waiting))) !== undefined) return true;
  return (await identityIfThere(path.resolve(projectDir, becomes))) === id;
}

/** Where an output waits: in the same folder, since only then can it be moved at once. */
function waitingPlace(output: string): string {
  return path.join(path.dirname(output), `.goldsmith-unverified-${path.basename(output)}`);
}

/** Whether an output is still there, as it was written. */
export async function fileExists(resource: ResourceRecord, projectDir: string): Promise<boolean> {
  const { path: output, merges } = resource.locator as unknown as FileLocator;
  const there = await identityIfThere(path.resolve(projectDir, output));
  return merges ? there !== undefined : there === resource.id;
}

/** Where an output lies, as the user wrote it. */
export function outputPath(resource: ResourceRecord): string {
  return (resource.locator as unknown as FileLocator).path;
}

/** Deletes an output: what was begun, and what is under its name if that is still the same file. */
export async function destroyFile(resource: ResourceRecord, projectDir: string): Promise<void> {
  const { path: output, temporary, merges } = resource.locator as unknown as FileLocator;
  await fs.rm(temporary, { recursive: true, force: true });
  const target = path.resolve(projectDir, output);
  const isThere = await identityIfThere(target);
  if (!merges && resource.id !== undefined && isThere === resource.id)
    await fs.rm(target, { recursive: true, force: true });
  await putBack(`${temporary}.old`, target);
}

/** What was moved aside for something that is not wanted after all. */
async function putBack(old: string, target: string): Promise<void> {
  if ((await identityIfThere(old)) === undefined) return;
  if ((await identityIfThere(target)) === undefined) await fs.rename(old, target);
  else await fs.rm(old, { recursive: true, force: true });
}

/** Refuses to replace what goldsmith did not make, unless the user allowed it. */
export async function refuseForeign(output: string, services: Services): Promise<void> {
  const target = path.resolve(services.projectDir, output);
  const there = await identityIfThere(target);
  if (there === undefined || services.settings.force) return;
  const owner = (await services.store.get(ownerKey(target)))?.value as { identity?: string; next?: string } | undefined;
  if (owner?.identity === there || owner?.next === there) return;
  throw new GoldsmithError(
    'OUTPUT_EXISTS',
    `\`${output}\` is there already, and ${owner ? 'was changed since goldsmith wrote it' : 'goldsmith did not make it'}`,
    {
      hint: 'move it away, choose another output, or overwrite it with --force',
    },
  );
}

function ownerKey(target: string): string {
  return `outputs/${digestOf(target).slice(0, 32)}`;
}

/** A rename replaces a file, but not a folder: that is moved aside first. */
async function moveInto(temporary: string, target: string): Promise<void> {
  const old = await fs.lstat(target).catch(() => undefined);
  const isNewFolder = (await fs.lstat(temporary)).isDirectory();
  if (!old || (!old.isDirectory() && !isNewFolder)) {
    await fs.rename(temporary, target);
    return;
  }
  await fs.rename(target, `${temporary}.old`);
  await fs.rename(temporary, target);
  await fs.rm(`${temporary}.old`, { recursive: true, force: true });
}

/** Which file it is: a rename keeps it, another file of the same name has another. */
async function identityOf(file: string): Promise<string> {
  const { dev, ino, mtimeMs, size } = await fs.lstat(file);
  return [dev, ino, Math.round(mtimeMs), size].join(':');
}

async function identityIfThere(file: string): Promise<string | undefined> {
  return identityOf(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}
