import { formatProblems } from '../../lib/cli/format';
import type { Problem } from '../../lib/errors';
import { tableLines } from '../../lib/reporters/table';
import { createTheme } from '../../lib/reporters/theme';

const plain = createTheme(false);
const nginx: Problem = {
  code: 'INVALID_PROPS',
  message: 'exactly one of `inline`, `script` is needed, none is given',
  path: 'Web/Nginx',
  source: 'images.ts:23',
};

test('one problem says its code, what is wrong, where, what was printed and what to do', () => {
  const problem = { ...nginx, output: 'first\nlast\n', hint: 'give `inline`\nor `script`' };
  expect(formatProblems([problem], plain)).toEqual([
    'error[INVALID_PROPS]: exactly one of `inline`, `script` is needed, none is given',
    '  at Web/Nginx (images.ts:23)',
    '  │ first',
    '  │ last',
    '  hint: give `inline`',
    '        or `script`',
  ]);
});

test('several are grouped by construct and line, in the order in which they were found', () => {
  const problems: Problem[] = [
    nginx,
    { code: 'NO_SOURCE', message: 'the image has no source', path: 'Api', source: 'images.ts:31', hint: 'add one' },
    { ...nginx, message: '`user` is no prop\nof it' },
    { code: 'UNKNOWN_VARIABLE', message: 'there is no variable `regoin`' },
  ];
  expect(formatProblems(problems, plain)).toEqual([
    'Web/Nginx (images.ts:23)',
    '  error[INVALID_PROPS]: exactly one of `inline`, `script` is needed, none is given',
    '  error[INVALID_PROPS]: `user` is no prop',
    '    of it',
    '',
    'Api (images.ts:31)',
    '  error[NO_SOURCE]: the image has no source',
    '    hint: add one',
    '',
    'error[UNKNOWN_VARIABLE]: there is no variable `regoin`',
    '',
    '4 problems found',
  ]);
});

test('a problem cannot act on the terminal', () => {
  const hostile = {
    ...nginx,
    message: 'a\x1b[2Jb',
    output: '\x1b]0;owned\x07x',
    path: '\x1b[31mWeb',
    hint: 'do\x08 it',
  };
  expect(formatProblems([hostile], plain).join('')).not.toMatch(/[\x00-\x1f]/);
});

test('colour only paints what is said anyway', () => {
  const coloured = formatProblems([{ ...nginx, hint: 'x', output: 'y' }], createTheme(true));
  expect(coloured.join('')).toContain('\x1b[31m');
  expect(coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(
    formatProblems([{ ...nginx, hint: 'x', output: 'y' }], plain),
  );
});

test('a table aligns its columns by cells, and cuts only what does not fit', () => {
  const rows = [
    [{ text: '日本' }, { text: '7', align: 'right' as const }, { text: 'a long last column' }],
    [{ text: 'abc' }, { text: '100', align: 'right' as const }, { text: '' }],
  ];
  expect(tableLines(rows)).toEqual(['日本    7  a long last column', 'abc   100']);
  expect(tableLines(rows, 18)).toEqual(['日本    7  a long…', 'abc   100']);
  expect(tableLines(rows, 3)).toEqual(['日…', 'abc']);
});
