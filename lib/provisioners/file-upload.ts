import { stat } from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, located } from '../errors';
import type { Communicator, TransferOptions } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import type { FileConfig } from './file';

/**
 * Copies to the machine, by Packer's rules: a folder goes into the destination under its own name, with a slash at its
 * end only what is in it goes there; a file goes to exactly the destination, or below it where that ends with a slash.
 */
export async function upload(config: FileConfig, machine: Communicator, ctx: ProvisionContext): Promise<void> {
  const { destination } = config;
  if (config.content !== undefined) {
    if (destination.endsWith('/')) throw namelessContent(destination);
    ctx.say(`uploading a text to ${destination}`);
    await machine.uploadFile(Buffer.from(config.content), destination, transferOf(ctx));
    return;
  }
  const sources = await Promise.all(sourcesOf(config).map((source) => inspect(source, ctx)));
  if (!destination.endsWith('/') && sources.filter(({ folder }) => !folder).length > 1) throw sameTarget(destination);
  for (const { local, given, folder } of sources) {
    const name = path.basename(given);
    if (!folder) {
      await move(name, destination.endsWith('/') ? destination + name : destination, (target) =>
        machine.uploadFile(local, target, transferOf(ctx)),
      );
    } else {
      await move(given, /[/\\]$/.test(given) ? destination : joined(destination, name), (target) =>
        machine.uploadDirectory(local, target, transferOf(ctx)),
      );
    }
  }

  async function move(what: string, target: string, copy: (target: string) => Promise<void>): Promise<void> {
    ctx.say(`uploading ${what} to ${target}`);
    try {
      await copy(target);
    } catch (error) {
      throw located(error, {
        hint: `the folder of ${target} must exist; a destination that is a folder ends with a slash`,
      });
    }
  }
}

/** `sources`, then `source`: Packer's order. */
export function sourcesOf(config: FileConfig): readonly string[] {
  return [...(config.sources ?? []), ...(config.source === undefined ? [] : [config.source])];
}

/** Appends a name to a folder's path on the machine. Slashes are right on Windows too. */
export function joined(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

const MEGABYTE = 1024 * 1024;

/** Options of a transfer that shows its progress: by the hundredth, and not for every piece. */
export function transferOf(ctx: ProvisionContext): TransferOptions {
  const shown = new Map<string, number>();
  return {
    signal: ctx.signal,
    onProgress: (progress) => {
      const { label, current, total } = progress;
      const next = (shown.get(label) ?? 0) + Math.max(MEGABYTE, (total ?? 0) / 100);
      if (progress.unit === 'bytes' && current < next && current !== total) return;
      shown.set(label, current);
      ctx.progress(progress);
    },
  };
}

/** The error for several files that would all get one name. */
export function sameTarget(destination: string): GoldsmithError {
  return new GoldsmithError('INVALID_PROPS', `several files would all become ${destination}`, {
    hint: 'end `destination` with a slash to put them into a folder',
  });
}

interface Inspected {
  readonly given: string;
  readonly local: string;
  readonly folder: boolean;
}

async function inspect(given: string, ctx: ProvisionContext): Promise<Inspected> {
  const local = ctx.resolvePath(given);
  const found = await stat(local).catch(() => undefined);
  if (!found) {
    throw new GoldsmithError('MISSING_ASSET', `\`source\` names ${given}, which is not there`, {
      hint: `looked at ${local}; what an earlier step should have made must be there when this one runs`,
    });
  }
  return { given, local, folder: found.isDirectory() };
}

function namelessContent(destination: string): GoldsmithError {
  return new GoldsmithError(
    'INVALID_PROPS',
    `\`destination\` is ${JSON.stringify(destination)}, a folder, but \`content\` has no name of its own`,
    {
      hint: "write the file's full path",
    },
  );
}
