import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { digestOf } from '../../../plan/digest';
import { needsOf } from '../machine/elf';
import { findTool } from '../machine/tools';
import { importRootfs } from '../oci/rootfs';
import type { RootImage } from '../store/image';
import type { Store } from '../store/store';
import { makeEntry, toBytes, type TarEntry } from '../../../host/tar/entry';
import { encodeEntry, encodeHeader, END } from '../../../host/tar/writer';
import type { MinimalSpec } from './base-spec';
import { allThere } from './registry-base';

/** What a shell script may expect to find: the greater part of POSIX' utilities. Those that this machine lacks are left out. */
export const MINIMAL_COMMANDS: readonly string[] =
  `[ awk base64 basename cat chgrp chmod chown cmp comm cp cut date dd df diff dirname du echo env expr false find getent grep gzip head id
  install kill ln ls md5sum mkdir mktemp mv nl nproc od paste printf pwd readlink realpath rm rmdir sed seq sh sha256sum sleep sort stat
  tail tar tee test timeout touch tr true uname uniq wc whoami xargs yes`.split(/\s+/);

/** Before 1980 some programs (zip, and what is built upon it) cannot say. */
export const OLDEST = 315_532_800;

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  'etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/os-release': 'ID=goldsmith-minimal\nNAME="goldsmith minimal"\nPRETTY_NAME="goldsmith minimal root"\n',
};

const FOLDERS: Readonly<Record<string, number>> = {
  dev: 0o755,
  etc: 0o755,
  home: 0o755,
  proc: 0o755,
  root: 0o700,
  run: 0o755,
  sys: 0o755,
  tmp: 0o1777,
  usr: 0o755,
  'usr/bin': 0o755,
  var: 0o755,
  'var/tmp': 0o1777,
};

/** A root of this machine's own programs, and the libraries that they need. The same programs give the same bytes. */
export async function makeMinimal(spec: MinimalSpec, store: Store, ctx: RunContext): Promise<RootImage> {
  const programs = locate(spec, ctx);
  const key = `minimal ${digestOf(await Promise.all([...programs.values(), LOADER_CACHE].map(stateOf)))}`;
  const known = await store.recall<RootImage>(key);
  if (known && (await allThere(known, store))) return known;
  const contents = await collect(programs, ctx);
  ctx.say(`making a minimal root of ${contents.size} files and folders of this machine`);
  const { config, ...image } = await importRootfs(archive(contents), store, ctx);
  const created = new Date(OLDEST * 1000).toISOString();
  const run = { Cmd: ['/bin/sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] };
  const made: RootImage = { ...image, config: { ...config, created, config: run } };
  await store.remember(key, made);
  return made;
}

/** Written anew whenever a library is installed or replaced: ldconfig(8). */
const LOADER_CACHE = '/etc/ld.so.cache';

/** What tells whether a file was replaced. */
async function stateOf(file: string): Promise<readonly (string | number)[]> {
  const { size, mtimeMs } = await fs.stat(file).catch(() => ({ size: 0, mtimeMs: 0 }));
  return [file, await fs.realpath(file).catch(() => file), size, mtimeMs];
}

interface Item {
  readonly entry: TarEntry;
  /** File of this machine that it is a copy of. */
  readonly source?: string;
}

async function collect(programs: ReadonlyMap<string, string>, ctx: RunContext): Promise<Map<string, Item>> {
  const items = new Map<string, Item>();
  const put = (entry: TarEntry, source?: Item['source']): void =>
    void items.set(entry.name, { entry, ...(source && { source }) });
  for (const [name, mode] of Object.entries(FOLDERS)) put(makeEntry({ name, type: 'directory', mode, mtime: OLDEST }));
  for (const name of Object.keys(FILES)) put(makeEntry({ name, type: 'file', mtime: OLDEST }));
  await rootLinks(put);

  const needs = await needsOf(
    [...new Set(await Promise.all([...programs.values()].map((file) => fs.realpath(file))))],
    ctx,
  );
  const files = new Set([
    ...programs.values(),
    ...needs.flatMap(({ loader, libraries }) => [...libraries, ...(loader === undefined ? [] : [loader])]),
  ]);
  for (const file of files) await addFile(file, put);
  for (const name of [...items.keys()]) addParents(name, items, put);
  return new Map([...items].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** On most systems /bin and its like are links to folders of /usr. */
async function rootLinks(put: (entry: TarEntry) => void): Promise<void> {
  for (const name of ['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin']) {
    const linkname = await fs.readlink(`/${name}`).catch(() => undefined);
    if (linkname === undefined) continue;
    put(makeEntry({ name, type: 'symlink', linkname, mtime: OLDEST }));
    put(makeEntry({ name: path.join('/', linkname).slice(1), type: 'directory', mtime: OLDEST }));
  }
}

function locate(spec: MinimalSpec, ctx: RunContext): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of [...MINIMAL_COMMANDS, ...spec.commands]) {
    const file = findTool(name, { ...ctx.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin:' + (ctx.env['PATH'] ?? '') });
    if (file !== undefined) found.set(name, file);
    else if (spec.commands.includes(name) || name === 'sh') {
      throw new GoldsmithError(
        'LAUNCH_FAILED',
        `the minimal base is to have the command \`${name}\`, which this machine has not`,
        {
          hint: 'install it here, or leave it out of `commands`',
        },
      );
    }
  }
  return found;
}

/** A file in its place, its folder's links resolved; and where it is a link itself, a link to where that ends. */
async function addFile(file: string, put: (entry: TarEntry, source?: Item['source']) => void): Promise<void> {
  const place = path.join(await fs.realpath(path.dirname(file)), path.basename(file));
  const real = await fs.realpath(file);
  const { mode, size } = await fs.stat(real);
  put(makeEntry({ name: toBytes(real.slice(1)), type: 'file', mode: mode & 0o755, size, mtime: OLDEST }), real);
  if (place !== real)
    put(makeEntry({ name: toBytes(place.slice(1)), type: 'symlink', linkname: toBytes(real), mtime: OLDEST }));
}

function addParents(name: string, items: ReadonlyMap<string, Item>, put: (entry: TarEntry) => void): void {
  for (let folder = path.posix.dirname(name); folder !== '.'; folder = path.posix.dirname(folder)) {
    if (!items.has(folder)) put(makeEntry({ name: folder, type: 'directory', mtime: OLDEST }));
  }
}

async function* archive(items: ReadonlyMap<string, Item>): AsyncGenerator<Buffer> {
  for (const { entry, source } of items.values()) {
    if (entry.type !== 'file') yield encodeHeader(entry);
    else yield encodeEntry(entry, source ? await fs.readFile(source) : Buffer.from(FILES[entry.name]!));
  }
  yield END;
}
