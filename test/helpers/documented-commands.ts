import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { blocksOf, proseOf, ROOT } from './markdown';

/** A use of goldsmith's command line in a page: what comes after the program. */
export interface CommandUse {
  readonly at: string;
  readonly words: readonly string[];
}

const PROGRAM = /^(?:npx )?(?:goldsmith|ts-node (?:\S*\/)?images\.ts)(?: |$)/;

/** Every use in a page: lines of console blocks that begin with `$`, and code within the prose. */
export function commandsIn(page: string): readonly CommandUse[] {
  const lines = blocksOf(page)
    .filter(({ language }) => language === 'console')
    .flatMap(({ at, code }) => [...code.matchAll(/^\$ (.*)$/gm)].map(([, line]) => ({ at, line: line! })));
  const spans = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, span]) => ({ at: page, line: span! }));
  return [...lines, ...spans].flatMap(({ at, line }) =>
    line
      .split(/&&|\||;/)
      .map((command) => command.trim())
      .filter((command) => PROGRAM.test(command))
      .map((command) => ({ at, words: wordsOf(command.replace(PROGRAM, '')) })),
  );
}

function wordsOf(line: string): string[] {
  return (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^['"]|['"]$/g, ''));
}

/** What `--help` says there is: the options of each command, long and short. */
export function helpOf(): ReadonlyMap<string, ReadonlySet<string>> {
  const commands = [...help().matchAll(/^ {2}([a-z]+)(?: \[| {2,}|$)/gm)].map(([, name]) => name!);
  return new Map(
    commands
      .filter((name) => name !== 'help')
      .map((name) => [
        name,
        new Set([...help(name).matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, ...all]) => all.filter(Boolean))),
      ]),
  );
}

function help(...command: readonly string[]): string {
  const main = path.join(ROOT, 'dist', 'cli', 'main.js');
  return execFileSync(process.execPath, [main, ...command, '--help'], { encoding: 'utf8' });
}
