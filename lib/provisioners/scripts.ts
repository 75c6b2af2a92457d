import { readFile } from 'node:fs/promises';
import * as path from 'node:path';

/** One script to run. */
export interface Script {
  /** What messages call it. */
  readonly name: string;
  readonly bytes: Buffer;
  /** The commands that it was made of, where they were given inline, and the line on which each begins. */
  readonly inline?: readonly { readonly command: string; readonly line: number }[];
}

/** Props that name scripts; exactly one of them is given. */
export interface ScriptProps {
  readonly inline?: readonly string[] | undefined;
  readonly inlineShebang?: string | undefined;
  readonly script?: string | undefined;
  readonly scripts?: readonly string[] | undefined;
  /** Leaves line ends as they are. */
  readonly binary?: boolean | undefined;
}

/** The first line that Packer gives to inline commands. */
const SHEBANG = '/bin/sh -e';

/** The scripts that the props name, in order. */
export async function scriptsOf(config: ScriptProps): Promise<readonly Script[]> {
  if (config.inline) return [inlineScript(config.inline, config)];
  const files = config.scripts ?? (config.script === undefined ? [] : [config.script]);
  return Promise.all(
    files.map(async (file) => ({ name: path.basename(file), bytes: lineEnds(await readFile(file), config) })),
  );
}

function inlineScript(inline: readonly string[], config: ScriptProps): Script {
  const own = config.inlineShebang === undefined && inline[0]?.startsWith('#!') === true;
  let line = own ? 1 : 2;
  const commands = inline.map((command) => {
    const entry = { command, line };
    line += command.split('\n').length;
    return entry;
  });
  const text = [...(own ? [] : [`#!${config.inlineShebang ?? SHEBANG}`]), ...inline, ''].join('\n');
  return { name: 'the inline commands', bytes: lineEnds(Buffer.from(text), config), inline: commands };
}

function lineEnds(bytes: Buffer, { binary }: ScriptProps): Buffer {
  if (binary === true || !bytes.includes('\r\n')) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

/**
 * What failed, as exactly as can be known: the script, or of inline commands the one that the shell's own last
 * message points at (`…/script.sh: 3: foo: not found`, `…: line 3: …`).
 */
export function whatFailed(script: Script, where: string, output: string): string {
  const { inline } = script;
  if (!inline) return `the script ${script.name}`;
  const commands = inline.filter(({ command }) => !command.startsWith('#!'));
  const only = commands.length === 1 ? commands[0] : undefined;
  const found = only ?? commandAt(commands, lastLineNumber(where, output));
  if (found) return `\`${shorten(found.command)}\``;
  return `one of the ${commands.length} inline commands`;
}

function lastLineNumber(where: string, output: string): number | undefined {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const at = last.indexOf(`${where}: `);
  const number = at < 0 ? undefined : /^(?:line )?(\d+):/.exec(last.slice(at + where.length + 2))?.[1];
  return number === undefined ? undefined : Number(number);
}

function commandAt<T extends { readonly line: number }>(
  commands: readonly T[],
  line: number | undefined,
): T | undefined {
  return line === undefined ? undefined : commands.filter((entry) => entry.line <= line).at(-1);
}

function shorten(command: string): string {
  const [first = '', ...rest] = command.trim().split('\n');
  return rest.length > 0 || first.length > 120 ? `${first.slice(0, 120)}…` : first;
}
