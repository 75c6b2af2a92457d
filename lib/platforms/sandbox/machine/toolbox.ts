import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { digestOf } from '../../../plan/digest';
import { publish } from '../store/publish';
import { needsOf } from './elf';
import { findTool } from './tools';

/**
 * Programs of this machine that work inside any root, whatever it holds: copied with their loader and libraries,
 * they are mounted at {@link TOOLBOX}, and need nothing of the guest. Setting up, dropping rights and copying files
 * thus work the same in Debian, in Alpine and in an image without a single program.
 */
export interface Toolbox {
  /** Folder on this machine. */
  readonly dir: string;
  /** Whether the programs are started through the loader; static ones are not. */
  readonly loader: boolean;
}

/** Where the toolbox is in a machine: in /dev, which is no part of the image. */
export const TOOLBOX = '/dev/.goldsmith';

const PROGRAMS = ['sh', 'setpriv', 'mount', 'umount', 'mkdir', 'readlink', 'cat', 'tar', 'mv', 'rm', 'chmod'] as const;

/** One of its programs. */
export type ToolboxProgram = (typeof PROGRAMS)[number];

/** The command that runs one of its programs inside a machine. */
export function toolCommand(toolbox: Toolbox, program: ToolboxProgram): string[] {
  const file = `${TOOLBOX}/bin/${program}`;
  return toolbox.loader ? [`${TOOLBOX}/ld`, '--library-path', `${TOOLBOX}/lib`, file] : [file];
}

/** Shell text that defines `t`: `t mount …` runs the toolbox's mount. */
export function toolFunction(toolbox: Toolbox): string {
  const call = toolbox.loader ? `"$T/ld" --library-path "$T/lib" "$T/bin/$tool" "$@"` : `"$T/bin/$tool" "$@"`;
  return `T=${TOOLBOX}\nt() { tool=$1; shift; ${call}; }\n`;
}

/** The toolbox of this machine: made once, and again when one of the programs was replaced. */
export async function openToolbox(cacheDir: string, ctx: RunContext): Promise<Toolbox> {
  const programs = await Promise.all(PROGRAMS.map((name) => locate(name, ctx)));
  const key = digestOf(programs.map(({ file, mtimeMs, size }) => [file, mtimeMs, size])).slice(0, 16);
  const dir = path.join(cacheDir, `tools-${key}`);
  const isThere = (file: string): Promise<boolean> =>
    fs.stat(file).then(
      () => true,
      () => false,
    );
  if (!(await isThere(dir))) await publish(dir, (temporary) => fill(temporary, programs, ctx));
  return { dir, loader: await isThere(path.join(dir, 'ld')) };
}

interface Located {
  readonly name: string;
  readonly file: string;
  readonly mtimeMs: number;
  readonly size: number;
}

async function locate(name: string, ctx: RunContext): Promise<Located> {
  const file = await fs.realpath(findTool(name, ctx.env) ?? name);
  const { mtimeMs, size } = await fs.stat(file);
  return { name, file, mtimeMs, size };
}

async function fill(dir: string, programs: readonly Located[], ctx: RunContext): Promise<void> {
  await fs.mkdir(path.join(dir, 'bin'), { recursive: true });
  await fs.mkdir(path.join(dir, 'lib'));
  const files = [...new Set(programs.map(({ file }) => file))];
  const needs = await needsOf(files, ctx);
  const libraries = new Set(needs.flatMap((need) => need.libraries));
  const loader = needs.find((need) => need.loader !== undefined)?.loader;
  await Promise.all([
    ...programs.map(({ name, file }) => fs.copyFile(file, path.join(dir, 'bin', name))),
    ...[...libraries].map((file) => fs.copyFile(file, path.join(dir, 'lib', path.basename(file)))),
    ...(loader === undefined ? [] : [fs.copyFile(loader, path.join(dir, 'ld'))]),
  ]);
}
