import * as path from 'node:path';
import { MAIN } from '../app';

/**
 * How the user would start this command line again, up to the command: `goldsmith`, or the program by what ran it.
 *
 * @param cwd folder in which it was started
 */
export function howStarted(cwd: string): string {
  const program = process.argv[1];
  const isOwn = program === undefined || MAIN in globalThis || /[/\\](goldsmith|cli[/\\]main\.js)$/.test(program);
  if (isOwn) return 'goldsmith';
  const file = path.relative(cwd, program);
  if (TS_NODE in process) return `npx ts-node ${file}`;
  return /\.[cm]?ts$/.test(program) ? `npx tsx ${file}` : `node ${file}`;
}

/** Where ts-node says that it is there: https://typestrong.org/ts-node/api (REGISTER_INSTANCE). */
const TS_NODE = Symbol.for('ts-node.register.instance');
