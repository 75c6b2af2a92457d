import { mkdir, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Communicator } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { shellQuote } from '../util/quote';
import type { FileConfig } from './file';
import { sameTarget, sourcesOf, transferOf } from './file-upload';

/** A thing on the machine that a source names. */
interface Found {
  readonly remote: string;
  readonly folder: boolean;
  /** Only what is in it, rather than it. */
  readonly contents: boolean;
  /** One of those that a pattern found. */
  readonly matched: boolean;
}

/**
 * Copies from the machine, by the rules of an upload: a folder comes under its own name, with a slash at its end only what is
 * in it comes; a file becomes exactly the destination, or goes below it where that ends with a slash. What a pattern
 * (`*`, `?`, `[…]`) finds goes below the destination. Missing local folders are made.
 */
export async function download(config: FileConfig, machine: Communicator, ctx: ProvisionContext): Promise<void> {
  const { destination } = config;
  const target = ctx.resolvePath(destination);
  const intoFolder = destination.endsWith('/');
  const found = await findAll(sourcesOf(config), machine, ctx);
  if (!intoFolder && found.filter(({ folder, matched }) => !folder && !matched).length > 1)
    throw sameTarget(destination);
  for (const { remote, folder, contents, matched } of found) {
    const name = remote.split('/').at(-1)!;
    const below = contents ? false : folder || intoFolder || matched;
    const local = below ? path.join(target, name) : target;
    ctx.say(`downloading ${remote} to ${path.join(destination, below ? name : '')}`);
    await mkdir(path.dirname(local), { recursive: true, mode: 0o755 });
    if (folder) await machine.downloadDirectory(remote, local, transferOf(ctx));
    else if (await isFolder(local)) throw folderInTheWay(remote, destination);
    else await machine.downloadFile(remote, local, transferOf(ctx));
  }
}

/** What the sources name, found out in one round trip. */
async function findAll(
  sources: readonly string[],
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<readonly Found[]> {
  // Without a POSIX shell the slash alone tells.
  if (machine.guest !== 'unix') return sources.map((source) => byName(source));
  const script = [
    'say() { k=-; [ -e "$2" ] && k=f; [ -d "$2" ] && k=d; printf "%s %s %s\\000" "$1" "$k" "$2"; }',
    ...sources.map((source, index) => `for f in ${pattern(strip(source))}; do say ${index} "$f"; done`),
  ].join('\n');
  let output = '';
  const onOutput = (text: string, stream: 'stdout' | 'stderr'): void => {
    if (stream === 'stdout') output += text;
  };
  await machine.exec(script, { signal: ctx.signal, onOutput });
  return output
    .split('\0')
    .slice(0, -1)
    .map((entry) => {
      const [, index, kind, remote] = /^(\d+) (.) (.*)$/s.exec(entry)!;
      const source = sources[Number(index)]!;
      if (kind === '-') throw notThere(source);
      if (kind === 'f' && source.endsWith('/')) throw notThere(source, 'is a file, not a folder');
      return { ...byName(source), remote: remote!, folder: kind === 'd' };
    });
}

function byName(source: string): Found {
  const contents = source.endsWith('/');
  return { remote: strip(source), folder: contents, contents, matched: !contents && hasPattern(source) };
}

function strip(source: string): string {
  return source.length > 1 ? source.replace(/\/+$/, '') || '/' : source;
}

const PATTERN = /\*|\?|\[!?[\w.^-]+\]/g;

function hasPattern(source: string): boolean {
  return source.search(PATTERN) >= 0;
}

/** A path as a word of the shell in which only the pattern's own characters mean something. */
function pattern(source: string): string {
  let word = '';
  let end = 0;
  for (const match of source.matchAll(PATTERN)) {
    if (match.index > end) word += shellQuote(source.slice(end, match.index));
    word += match[0];
    end = match.index + match[0].length;
  }
  return end < source.length || word === '' ? word + shellQuote(source.slice(end)) : word;
}

async function isFolder(local: string): Promise<boolean> {
  return (await stat(local).catch(() => undefined))?.isDirectory() === true;
}

function notThere(source: string, why = 'is not there'): GoldsmithError {
  return new GoldsmithError('NOT_FOUND', `\`source\` names ${source}, which ${why} on the machine`, {
    hint: hasPattern(source) ? 'the pattern finds nothing' : 'a step before this one must have made it',
  });
}

function folderInTheWay(remote: string, destination: string): GoldsmithError {
  return new GoldsmithError('TRANSFER_FAILED', `${remote} cannot become ${destination}: a folder is there`, {
    hint: 'end `destination` with a slash to put the file into it',
  });
}
