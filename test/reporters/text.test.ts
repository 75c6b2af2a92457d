import fc from 'fast-check';
import { padEnd, padStart, plainLine, plainLines, truncate, widthOf } from '../../lib/reporters/text';
import { counted, formatAge, formatBytes, formatDuration, formatTime } from '../../lib/reporters/units';

test.each([
  ['colours', '\x1b[1;31merror\x1b[0m', 'error'],
  ['a cursor movement', 'a\x1b[2Ab\x1b[10;20Hc', 'abc'],
  ['a screen that is cleared', '\x1b[2J\x1b[Hgone', 'gone'],
  ['a title, ended either way', '\x1b]0;owned\x07a\x1b]2;owned\x1b\\b', 'ab'],
  ['a title without an end', 'a\x1b]0;owned', 'a'],
  ['a device control string', 'a\x1bPq#0\x1b\\b', 'ab'],
  ['8-bit controls', 'a\x9b31mb\x9d0;owned\x9cc', 'abc'],
  ['a lone escape', 'a\x1b', 'a'],
  ['backspaces and bells', 'a\x08\x07b', 'ab'],
  ['text turned round', 'a\u202egnp.exe\u202c', 'agnp.exe'],
  ['a carriage return: the last text stays', '10%\r50%\r100%\r', '100%'],
  ['a line of Windows', 'text\r', 'text'],
  ['tabs, to columns of 8', 'a\tb\t\tc', 'a       b               c'],
])('a plain line has no %s', (_, line, expected) => {
  expect(plainLine(line)).toBe(expected);
});

test('no input leaves a control character in a plain line', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(
          fc.constantFrom('\x1b', '[', ']', ';', '0', 'm', 'A', '\x07', '\\', '\r', '\t', '\x9b', '\x9d', '\x9c'),
          fc.string({ unit: 'binary' }),
        ),
      }),
      (line) => {
        expect(plainLine(line.replaceAll('\n', ''))).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      },
    ),
    { numRuns: 2000 },
  );
});

test('lines lose only empty ones at the end', () => {
  expect(plainLines('a\n\nb\n\n')).toEqual(['a', '', 'b']);
  expect(plainLines('')).toEqual([]);
});

test.each([
  ['plain', 5],
  ['日本語', 6],
  ['한글', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['🚀', 2],
  ['👩‍👩‍👧‍👦', 2],
  ['🇩🇪', 2],
  ['☎️', 2],
  ['☎', 1],
  ['1️⃣', 2],
  ['ｆｕｌｌ', 8],
  ['✔ ⠋ ━ │ ●', 9],
  ['a\u200bb', 2],
])('%s takes %i cells', (text, cells) => {
  expect(widthOf(text)).toBe(cells);
});

test('a truncated text is never wider than asked, and never cuts a character in two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat(20), (text, width) => {
      const line = plainLine(text.replaceAll('\n', ''));
      const cut = truncate(line, width);
      expect(widthOf(cut)).toBeLessThanOrEqual(width);
      if (widthOf(line) <= width) expect(cut).toBe(line);
      else if (width > 0) expect(line.startsWith(cut.slice(0, -1))).toBe(true);
    }),
  );
  expect(truncate('日本語', 4)).toBe('日…');
  expect(truncate('👩‍👩‍👧‍👦 family', 3)).toBe('👩‍👩‍👧‍👦…');
});

test('padding counts cells', () => {
  expect(padEnd('日本', 6)).toBe('日本  ');
  expect(padStart('日本', 3)).toBe('日本');
  expect(padStart('7', 3)).toBe('  7');
});

test.each([
  [0, '0.0s'],
  [349, '0.3s'],
  [59_940, '59.9s'],
  [59_960, '1m 00s'],
  [185_000, '3m 05s'],
  [3_599_600, '1h 00m'],
  [7_620_000, '2h 07m'],
  [86_399_000, '1d 00h'],
  [100 * 3_600_000, '4d 04h'],
  [-5, '0.0s'],
])('%i ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_951, '1.0 MB'],
  [45_200_000, '45.2 MB'],
  [3.2e12, '3.2 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('ages and counts are in words', () => {
  expect([0, 6000, 61_000, 3_600_000, 7_300_000, 3 * 86_400_000].map(formatAge)).toEqual([
    'just now',
    '6 seconds ago',
    '1 minute ago',
    '1 hour ago',
    '2 hours ago',
    '3 days ago',
  ]);
  expect([counted(1, 'node'), counted(0, 'node'), counted(12, 'node')]).toEqual(['1 node', '0 nodes', '12 nodes']);
  expect(formatTime(Date.UTC(2026, 10, 22, 4, 5, 6, 789))).toBe('2026-11-22 04:05:06 UTC');
});
