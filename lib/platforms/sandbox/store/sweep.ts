import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import type { Privilege } from '../machine/privilege';
import { removeTree } from '../machine/run';

/** Milliseconds after which what nobody used is deleted: a week. */
const UNUSED = 7 * 24 * 3_600_000;
/** What was begun and is this old, nobody goes on with. */
const ABANDONED = 24 * 3_600_000;

/** Deletes from the cache what was not used for long. Looks at most once an hour. */
export async function sweep(cache: string, privilege: Privilege, ctx: RunContext): Promise<void> {
  const mark = path.join(cache, 'swept');
  const now = ctx.clock.now();
  const last = await fs.stat(mark).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (now - last < 3_600_000) return;
  await fs.mkdir(cache, { recursive: true });
  await fs.writeFile(mark, '');
  for (const folder of ['blobs', 'trees', 'imports', '.']) {
    const dir = path.join(cache, folder);
    for (const name of await fs.readdir(dir).catch(() => [])) {
      if (folder === '.' && !name.startsWith('tools-')) continue;
      const file = path.join(dir, name);
      const age =
        now -
        (await fs.stat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => now,
        ));
      if (age > (name.endsWith('.tmp') ? ABANDONED : UNUSED)) await removeTree(file, privilege, ctx);
    }
  }
}
