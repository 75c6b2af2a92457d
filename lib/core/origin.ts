import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where this package's own code lies: its frames are not the user's. Where source maps are on, the compiled code
 * shows as what it was compiled from.
 */
const OWN_CODE = ['lib', 'dist'].map((folder) => path.resolve(__dirname, '..', '..', folder) + path.sep);
const IN_MODULES = `${path.sep}node_modules${path.sep}`;
const FRAMES = 24;

const origins = new WeakMap<object, Error>();

/**
 * Remembers which line of the user's program made `thing`. Costs about 2 µs; the stack is looked at only when
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

/** The line that made `thing`: the first one outside this package and its own constructors, in the user's own files where there is one. */
export function originOf(thing: object): Origin | undefined {
  const marker = origins.get(thing);
  if (!marker) return undefined;
  const names = classNamesOf(thing);
  return isMappedOutside() ? userFrameOfText(marker.stack ?? '', names) : userFrame(marker, names);
}

/** The same for the caller of the function that calls this. */
export function callerOrigin(): Origin | undefined {
  const holder = {};
  rememberOrigin(holder);
  return originOf(holder);
}

/** The file, as it was loaded, of whoever called into this package: not mapped back by source maps. */
export function callerFile(): string | undefined {
  const found = sitesOf(new Error()).find((site) => isForeign(site.getFileName()));
  return found && toPath(found.getFileName()!);
}

/** The stack of an error as V8 has it: turning a whole stack into text costs ten times as much. */
function sitesOf(error: Error): readonly NodeJS.CallSite[] {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_error, sites) => sites;
  try {
    return error.stack as unknown as readonly NodeJS.CallSite[];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

function userFrame(marker: Error, ownClasses: ReadonlySet<string>): Origin | undefined {
  let first: NodeJS.CallSite | undefined;
  for (const site of sitesOf(marker)) {
    const file = site.getFileName();
    if (!isForeign(file)) continue;
    // `super(…)` of the thing's own class says nothing of who made it.
    if (site.isConstructor() && ownClasses.has(site.getFunctionName() ?? '')) continue;
    if (!file.includes(IN_MODULES)) return placeOf(marker, site);
    first ??= site;
  }
  return first && placeOf(marker, first);
}

let mappedOutside: boolean | undefined;

/**
 * Whether stacks are mapped to their sources by something that cannot be asked from here: by Node itself, or by jest, which does it from
 * outside of the context in which tests run. Then only the text of a stack is right.
 */
function isMappedOutside(): boolean {
  if (mappedOutside === undefined) {
    const [asText, asSites] = [new Error(), new Error()];
    const shown = parseFrame(asText.stack?.split('\n')[1] ?? '')?.line;
    const differs = process.sourceMapsEnabled || shown !== sitesOf(asSites)[0]?.getLineNumber();
    mappedOutside = Error.prepareStackTrace === undefined && differs;
  }
  return mappedOutside;
}

function userFrameOfText(stack: string, ownClasses: ReadonlySet<string>): Origin | undefined {
  const frames = stack.split('\n').flatMap((line) => {
    const frame = parseFrame(line);
    const maker = /at new ([\w$]+)/.exec(line)?.[1];
    return frame && isForeign(frame.file) && !(maker !== undefined && ownClasses.has(maker)) ? [frame] : [];
  });
  return frames.find(({ file }) => !file.includes(IN_MODULES)) ?? frames[0];
}

function isForeign(file: string | null | undefined): file is string {
  if (typeof file !== 'string' || file.startsWith('node:')) return false;
  const plain = toPath(file);
  return path.isAbsolute(plain) && !OWN_CODE.some((folder) => plain.startsWith(folder));
}

/** Where a frame is, in the file that the user wrote. */
function placeOf(marker: Error, site: NodeJS.CallSite): Origin | undefined {
  const file = site.getFileName()!;
  const line = site.getLineNumber() ?? 1;
  // ts-node puts its source maps in here.
  const mapped = Error.prepareStackTrace?.(marker, [site]) as unknown;
  if (typeof mapped === 'string') return parseFrame(mapped.slice(mapped.lastIndexOf('\n') + 1));
  return { file: toPath(file), line };
}

function parseFrame(line: string): Origin | undefined {
  const match = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()\s][^()]*?):(\d+):\d+\)?$/.exec(line.trim());
  if (!match) return undefined;
  const file = toPath(match[1]!);
  return path.isAbsolute(file) ? { file, line: Number(match[2]) } : undefined;
}

const classNames = new WeakMap<object, ReadonlySet<string>>();

/** Names of a thing's class and those it extends. */
function classNamesOf(thing: object): ReadonlySet<string> {
  const prototype = Object.getPrototypeOf(thing) as object;
  let names = classNames.get(prototype);
  if (!names) {
    const found = new Set<string>();
    for (
      let at: object | null = prototype;
      at && at !== Object.prototype;
      at = Object.getPrototypeOf(at) as object | null
    )
      found.add(at.constructor.name);
    classNames.set(prototype, (names = found));
  }
  return names;
}

function toPath(file: string): string {
  return file.startsWith('file://') ? fileURLToPath(file) : file;
}
