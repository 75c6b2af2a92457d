import * as fs from 'node:fs';
import { isObject } from '../plan/json';

/** What was given to the program's variables. */
export interface GivenInputs {
  readonly values: Readonly<Record<string, string>>;
  /** What is wrong with how they were given. */
  readonly problems: readonly string[];
}

const PREFIX = 'GOLDSMITH_VAR_';

/**
 * Values of variables. The first that is there wins: `--var k=v`, the last `--var-file` that has it, `GOLDSMITH_VAR_k`.
 */
export function givenInputs(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): GivenInputs {
  const values: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(PREFIX) && value !== undefined) values[name.slice(PREFIX.length)] = value;
  }
  for (const file of optionValues(argv, '--var-file')) Object.assign(values, readFile(file, problems));
  for (const pair of optionValues(argv, '--var')) {
    const at = pair.indexOf('=');
    if (at > 0) values[pair.slice(0, at)] = pair.slice(at + 1);
    else problems.push(`--var ${JSON.stringify(pair)} is not of the form name=value`);
  }
  return { values, problems };
}

function optionValues(argv: readonly string[], option: string): string[] {
  return argv.flatMap((argument, index) => {
    if (argument === option) return argv[index + 1] ?? [];
    return argument.startsWith(`${option}=`) ? argument.slice(option.length + 1) : [];
  });
}

function readFile(file: string, problems: string[]): Record<string, string> {
  try {
    const content: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (!isObject(content)) throw new SyntaxError();
    return Object.fromEntries(
      Object.entries(content).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    );
  } catch (error) {
    problems.push(
      `--var-file ${file} cannot be read: ${whatIsWrong(error)}; it takes a JSON object with names and values`,
    );
    return {};
  }
}

/** Never the parser's own words: they quote the file, and there may be secrets in it. */
function whatIsWrong(error: unknown): string {
  if (error instanceof SyntaxError) return 'it holds no JSON object';
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'it is not there' : `it cannot be opened (${code ?? 'unknown'})`;
}
