import * as path from 'node:path';
import { Catalog, FileStore } from '../../catalog';
import { formatAge } from '../../reporters/units';
import type { Io } from '../io';
import { stateDirOf } from '../session';

/** What was built, newest first. */
export async function images(
  io: Io,
  flags: { readonly state?: string; readonly json?: boolean },
  names: readonly string[],
): Promise<number> {
  const catalog = new Catalog(new FileStore(path.join(stateDirOf(io.cwd, io, flags.state), 'store')));
  const records = (await catalog.records())
    .filter(
      ({ artifact, node }) =>
        artifact && (names.length === 0 || names.some((name) => node === name || node.startsWith(`${name}/`))),
    )
    .sort((a, b) => b.builtAt - a.builtAt);
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(records, null, 2)}\n`);
    return 0;
  }
  const width = Math.max(0, ...records.map(({ node }) => node.length));
  for (const { node, artifact, builtAt, consumed } of records) {
    const what = consumed ? 'taken over by a post-processor' : (artifact!.description ?? artifact!.id);
    io.stdout.write(
      `${node.padEnd(width)}  ${formatAge(Date.now() - builtAt).padEnd(15)}  ${artifact!.kind.padEnd(14)}  ${what}\n`,
    );
  }
  if (records.length === 0) io.stdout.write('nothing was built yet\n');
  return 0;
}
