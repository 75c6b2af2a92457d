import { GoldsmithError } from '../../../errors';
import { runProcess } from '../../../util/spawn';
import type { RunContext } from '../../../extension/context';
import { findTool, hostEnv } from './tools';

/** The shared libraries that a program needs, its loader among them. */
export interface Needs {
  /** Absolute path of the loader; undefined for a static program or a script. */
  readonly loader?: string;
  /** Absolute paths, the loader left out. */
  readonly libraries: readonly string[];
}

/**
 * What programs of this machine need to run elsewhere, in their order. Asks `ldd`, which has the loader itself tell: the only one to know
 * of its caches, run paths and its own name.
 */
export async function needsOf(programs: readonly string[], ctx: RunContext): Promise<Needs[]> {
  const ldd = findTool('ldd', ctx.env);
  if (!ldd)
    throw new GoldsmithError('MISSING_DEPENDENCY', 'the program `ldd` is needed and was not found', {
      hint: 'apt-get install libc-bin',
    });
  if (programs.length === 0) return [];
  let printed = '';
  await runProcess(ldd, programs, {
    env: hostEnv(ctx.env),
    signal: ctx.signal,
    clock: ctx.clock,
    onOutput: (text, stream) => (printed += stream === 'stdout' ? text : ''),
  });
  return sections(printed, programs).map(parse);
}

/** With several programs, ldd heads each with its path and a colon. */
function sections(printed: string, programs: readonly string[]): string[][] {
  const found = new Map<string, string[]>(programs.map((program) => [program, []]));
  let current = programs.length === 1 ? found.get(programs[0]!) : undefined;
  for (const line of printed.split('\n')) {
    const head = /^(\S.*):$/.exec(line)?.[1];
    if (head !== undefined && found.has(head)) current = found.get(head);
    else current?.push(line.trim());
  }
  return programs.map((program) => found.get(program)!);
}

/** Lines such as `libc.so.6 => /lib/libc.so.6 (0x7f…)` and, for the loader, `/lib64/ld-linux-x86-64.so.2 (0x7f…)`. */
function parse(lines: readonly string[]): Needs {
  let loader: string | undefined;
  const libraries: string[] = [];
  for (const line of lines) {
    const linked = /^(\S+) => (\/\S+) \(0x[0-9a-f]+\)$/.exec(line);
    if (linked && /(^|\/)ld[-.]/.test(linked[1]!)) loader = linked[1]!.startsWith('/') ? linked[1]! : linked[2]!;
    else if (linked) libraries.push(linked[2]!);
    else loader = /^(\/\S+) \(0x[0-9a-f]+\)$/.exec(line)?.[1] ?? loader;
  }
  return { ...(loader !== undefined && { loader }), libraries };
}
