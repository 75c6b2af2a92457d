import type { Problem } from '../errors';
import { plainLine, plainLines } from './text';
import type { Theme } from './theme';

/**
 * A problem as lines for people: code and message, where it is (construct and line of the program), the last lines
 * of the thing that failed, and what to do.
 */
export function problemLines(problem: Problem, theme: Theme, prefix = 'error'): string[] {
  const [first = '', ...more] = plainLines(problem.message);
  const lines = [`${theme.bad(theme.bold(prefix))}${theme.bad(`[${problem.code}]`)}: ${theme.bold(first)}`];
  lines.push(...more.map((line) => `  ${line}`));
  const where = placeOf(problem);
  if (where !== undefined) lines.push(`  ${theme.dim('at')} ${where}`);
  lines.push(...detailLines(problem, theme).map((line) => `  ${line}`));
  return lines;
}

/** The last lines that a failing thing printed, and what to do about it. */
export function detailLines(problem: Problem, theme: Theme): string[] {
  const tail = plainLines(problem.output ?? '').map((line) => `${theme.dim('│')} ${line}`);
  const [hint, ...more] = plainLines(problem.hint ?? '');
  if (hint === undefined) return tail;
  return [...tail, `${theme.warn('hint')}: ${hint}`, ...more.map((line) => `      ${line}`)];
}

/** `Web/Nginx (images.ts:23)`, as far as it is known. */
export function placeOf({ path, source }: Pick<Problem, 'path' | 'source'>): string | undefined {
  const line = source === undefined ? undefined : plainLine(source);
  if (path === undefined || path === '') return line;
  return line === undefined ? plainLine(path) : `${plainLine(path)} (${line})`;
}
