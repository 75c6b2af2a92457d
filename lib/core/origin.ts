import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where this package's own code lies: its frames are not the user's. Where source maps are on, the compiled code
 * shows as what it was compiled from.
 */
const OWN_CODE = ['lib', 'dist'].map((folder) => path.resolve(__dirname, '..', '..', folder) + path.sep);

function isOwn(file: string): boolean {
  return file.startsWith('node:') || OWN_CODE.some((folder) => file.startsWith(folder));
}
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

/** The file, as it was loaded, of whoever called into this package: not mapped back by source maps. */
export function callerFile(): string | undefined {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName());
    const files = new Error().stack as unknown as (string | null)[];
    const found = files.find((file) => typeof file === 'string' && !isOwn(toPath(file)));
    return typeof found === 'string' ? toPath(found) : undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

function toPath(file: string): string {
  return file.startsWith('file://') ? fileURLToPath(file) : file;
}

function firstUserFrame(stack: string): Origin | undefined {
  const frames = stack.split('\n').flatMap((line) => parseFrame(line) ?? []);
  const foreign = frames.filter(({ file }) => !isOwn(file));
  const outsideModules = foreign.find(({ file }) => !file.includes(`${path.sep}node_modules${path.sep}`));
  return outsideModules ?? foreign[0];
}

function parseFrame(line: string): Origin | undefined {
  const match = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()\s][^()]*?):(\d+):\d+\)?$/.exec(line.trim());
  if (!match) return undefined;
  const file = toPath(match[1]!);
  return path.isAbsolute(file) ? { file, line: Number(match[2]) } : undefined;
}
