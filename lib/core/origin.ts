import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where this package's own code lies: its frames are not the user's. */
const OWN_CODE = path.resolve(__dirname, '..') + path.sep;
const FRAMES = 24;

const origins = new WeakMap<object, Error>();

/**
 * Remembers which line of the user's program made `thing`. Costs about 2 µs; the stack is formatted only when
 * {@link originOf} asks for it.
 */
export function rememberOrigin(thing: object): void {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const marker = new Error();
  Error.stackTraceLimit = limit;
  origins.set(thing, marker);
}

/** A place in the user's program. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

/** The line that made `thing`: the first one outside this package, in the user's own files where there is one. */
export function originOf(thing: object): Origin | undefined {
  const stack = origins.get(thing)?.stack;
  return stack === undefined ? undefined : firstUserFrame(stack);
}

/** The same for the caller of the function that calls this. */
export function callerOrigin(): Origin | undefined {
  const holder = {};
  rememberOrigin(holder);
  return originOf(holder);
}

function firstUserFrame(stack: string): Origin | undefined {
  const frames = stack.split('\n').flatMap((line) => parseFrame(line) ?? []);
  const foreign = frames.filter(({ file }) => !file.startsWith(OWN_CODE) && !file.startsWith('node:'));
  const outsideModules = foreign.find(({ file }) => !file.includes(`${path.sep}node_modules${path.sep}`));
  return outsideModules ?? foreign[0];
}

function parseFrame(line: string): Origin | undefined {
  const match = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()\s][^()]*?):(\d+):\d+\)?$/.exec(line.trim());
  if (!match) return undefined;
  const file = match[1]!.startsWith('file://') ? fileURLToPath(match[1]!) : match[1]!;
  return path.isAbsolute(file) ? { file, line: Number(match[2]) } : undefined;
}
