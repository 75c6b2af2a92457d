import fc from 'fast-check';
import { LiveArea, type FrameLine } from '../../lib/reporters/live-area';
import { widthOf } from '../../lib/reporters/text';
import { Terminal } from './helpers/terminal';

function open(columns = 20, rows = 8): { terminal: Terminal; area: LiveArea } {
  const terminal = new Terminal(columns, rows);
  return { terminal, area: new LiveArea(terminal, () => ({ columns: terminal.columns, rows: terminal.height })) };
}

const frame = (...lines: string[]): FrameLine[] => lines.map((text) => ({ text, width: widthOf(text) }));

test('a frame replaces the one before it, whatever their lengths', () => {
  const { terminal, area } = open();
  area.draw([], frame('one', 'two', 'three'));
  expect(terminal.screen).toEqual(['one', 'two', 'three']);
  area.draw([], frame('one', 'TWO'));
  expect(terminal.screen).toEqual(['one', 'TWO']);
  area.draw([], frame('one', 'TWO', 'three', 'four'));
  expect(terminal.screen).toEqual(['one', 'TWO', 'three', 'four']);
  area.draw([], []);
  expect(terminal.screen).toEqual([]);
});

test('only lines that changed are written, and nothing where none did', () => {
  const { terminal, area } = open();
  area.draw([], frame('first', 'second', 'third'));
  terminal.writes = [];
  area.draw([], frame('first', 'second', 'third'));
  expect(terminal.writes).toEqual([]);
  area.draw([], frame('first', 'second', 'THIRD'));
  expect(terminal.writes.join('')).toContain('THIRD');
  expect(terminal.writes.join('')).not.toContain('second');
});

test('each draw is one write, and leaves wrapping on', () => {
  const { terminal, area } = open();
  area.draw(['above'], frame('first'));
  area.draw([], frame('second'));
  expect(terminal.writes).toHaveLength(2);
  for (const text of terminal.writes)
    expect(text.lastIndexOf('\x1b[?7h')).toBeGreaterThan(text.lastIndexOf('\x1b[?7l'));
});

test('what is printed above stays, also when it scrolls out, and long lines wrap there', () => {
  const { terminal, area } = open(10, 4);
  for (let index = 1; index <= 20; index += 1) area.draw([`line ${index}`], frame('a', 'b'));
  area.draw(['a line longer than that'], frame('a', 'b'));
  expect(terminal.history).toEqual([
    ...Array.from({ length: 20 }, (_, index) => `line ${index + 1}`),
    'a line lon',
    'ger than t',
    'hat',
    'a',
    'b',
  ]);
});

test('a line that is wider than it was thought to be does not push the frame down', () => {
  const { terminal, area } = open(10, 6);
  area.draw(
    [],
    [
      { text: 'x'.repeat(30), width: 10 },
      { text: 'next', width: 4 },
    ],
  );
  area.draw(
    [],
    [
      { text: 'y'.repeat(30), width: 10 },
      { text: 'next', width: 4 },
    ],
  );
  expect(terminal.screen).toEqual(['yyyyyyyyyy', 'next']);
});

test('the cursor is hidden while there is a frame, and back after it', () => {
  const { terminal, area } = open();
  area.draw([], frame('a'));
  expect(terminal.cursorVisible).toBe(false);
  area.close(['done']);
  expect(terminal.cursorVisible).toBe(true);
  expect(terminal.screen).toEqual(['done']);
  area.close();
  area.draw([], frame('again'));
  expect(terminal.screen).toEqual(['done', 'again']);
  expect(terminal.cursorVisible).toBe(false);
});

test('a narrower terminal that wraps the old frame anew leaves nothing of it behind', () => {
  const { terminal, area } = open(40, 12);
  area.draw(['kept'], frame('x'.repeat(40), 'y'.repeat(25), 'short'));
  terminal.resize(15, 12);
  area.draw([], frame('x'.repeat(15), 'y'.repeat(15), 'short'));
  expect(terminal.history).toEqual(['kept', 'x'.repeat(15), 'y'.repeat(15), 'short']);
  terminal.resize(60, 12);
  area.draw([], frame('wide again'));
  expect(terminal.history).toEqual(['kept', 'wide again']);
});

test('any sequence of frames and lines leaves the lines, and the last frame below them', () => {
  const line = fc.constantFrom('', 'a', 'bb', 'a long enough line', '日本語', '🚀 up');
  const draws = fc.array(
    fc.record({ above: fc.array(line, { maxLength: 3 }), lines: fc.array(line, { maxLength: 5 }) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(draws, (all) => {
      const { terminal, area } = open(20, 6);
      for (const { above, lines } of all) area.draw(above, frame(...lines));
      const expected = [...all.flatMap(({ above }) => above), ...(all.at(-1)?.lines ?? [])];
      while (expected.at(-1) === '') expected.pop();
      expect(terminal.history).toEqual(expected);
    }),
  );
});
