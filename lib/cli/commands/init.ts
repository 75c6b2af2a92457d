import * as path from 'node:path';
import { VERSION } from '../../util/version';
import { starterName, writeStarter } from '../init';
import type { Io } from '../io';

/** Writes a starter project and says how to go on. */
export async function init(io: Io, dir: string): Promise<number> {
  const target = path.resolve(io.cwd, dir);
  const files = await writeStarter(target, { name: starterName(target), goldsmith: `^${VERSION}` });
  for (const file of files) io.stdout.write(`  ${path.join(dir, file)}\n`);
  const enter = dir === '.' ? '' : `cd ${dir} && `;
  io.stdout.write(`\nnext: ${enter}npm install && npx ts-node images.ts\n`);
  return 0;
}
