import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import type { RunEvent } from '../../engine/events';
import { renderReport } from './page';

export { renderReport } from './page';

/** Writes the report of a run to a file, whole or not at all. Its folder is made where it is missing. */
export async function writeReport(events: Iterable<RunEvent>, file: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(temporary, renderReport(events));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
