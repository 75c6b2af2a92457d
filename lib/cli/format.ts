import type { Problem } from '../errors';
import { detailLines, placeOf, problemLines } from '../reporters/problem';
import { plainLines } from '../reporters/text';
import type { Theme } from '../reporters/theme';
import { counted } from '../reporters/units';

export { tableLines, type Cell } from '../reporters/table';
export { counted, formatAge, formatBytes, formatDuration, formatTime } from '../reporters/units';

/**
 * Problems for people. Several are grouped by the construct and line that they are about, in the order in which they
 * were found, with their number at the end.
 */
export function formatProblems(problems: readonly Problem[], theme: Theme): string[] {
  const [only, ...more] = problems;
  if (only !== undefined && more.length === 0) return problemLines(only, theme);
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const place = placeOf(problem) ?? '';
    const group = groups.get(place);
    if (group) group.push(problem);
    else groups.set(place, [problem]);
  }
  const lines = [...groups].flatMap(([place, group]) => [...groupLines(place, group, theme), '']);
  return [...lines, theme.bad(theme.bold(`${counted(problems.length, 'problem')} found`))];
}

function groupLines(place: string, group: readonly Problem[], theme: Theme): string[] {
  const title = place === '' ? [] : [theme.bold(place)];
  const indent = place === '' ? '' : '  ';
  return [
    ...title,
    ...group.flatMap((problem) => {
      const [first = '', ...rest] = plainLines(problem.message);
      return [
        `${indent}${theme.bad(`error[${problem.code}]`)}: ${first}`,
        ...[...rest, ...detailLines(problem, theme)].map((line) => `${indent}  ${line}`),
      ];
    }),
  ];
}
