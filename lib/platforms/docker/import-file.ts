import type { Readable } from 'node:stream';
import type { Engine } from './engine';
import { answerError } from './errors';
import { progressLines } from './progress';

/** What an imported image gets. */
export interface ImportOptions {
  readonly message?: string;
  readonly platform?: string | undefined;
  readonly changes?: readonly string[];
}

/** Makes an image of a tar archive with a root file system; answers with its id. */
export async function importFile(
  engine: Engine,
  archive: Readable,
  reference: string,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<string> {
  const colon = reference.lastIndexOf(':');
  const query = { repo: reference.slice(0, colon), tag: reference.slice(colon + 1), ...options };
  try {
    let id: string | undefined;
    for await (const { status } of progressLines(await engine.importImage(archive, query, signal))) {
      if (status?.startsWith('sha256:')) id = status;
    }
    if (id === undefined) throw answerError(undefined, 'the engine did not say which image it made of the archive');
    return id;
  } finally {
    archive.destroy();
  }
}
