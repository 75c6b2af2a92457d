import { LineSplitter, Log } from '../../lib/reporters/log';
import { Milestones } from '../../lib/reporters/milestones';
import { Transfers } from '../../lib/reporters/transfers';

describe('lines from pieces', () => {
  test('are the same however the output was cut', () => {
    const text = 'one\ntwo\r\n\n10%\r100%\nlast';
    for (let size = 1; size <= text.length; size += 1) {
      const splitter = new LineSplitter();
      const lines: string[] = [];
      for (let at = 0; at < text.length; at += size) lines.push(...splitter.push(text.slice(at, at + size), 'stdout'));
      expect(lines).toEqual(['one', 'two', '', '100%']);
      expect(splitter.flush()).toEqual([{ text: 'last', stream: 'stdout' }]);
      expect(splitter.flush()).toEqual([]);
    }
  });

  test('of two streams do not mix', () => {
    const splitter = new LineSplitter();
    expect(splitter.push('out', 'stdout')).toEqual([]);
    expect(splitter.push('err\n', 'stderr')).toEqual(['err']);
    expect(splitter.push('put\n', 'stdout')).toEqual(['output']);
  });

  test('that never end take no more memory than one long line', () => {
    const splitter = new LineSplitter();
    const lines = splitter.push('x'.repeat(100_000), 'stdout');
    expect(lines).toHaveLength(6);
    expect([...lines, splitter.partial('stdout')].join('')).toHaveLength(100_000);
  });
});

describe('a log', () => {
  const filled = (count: number, limits = { first: 3, last: 4 }): Log => {
    const log = new Log(limits);
    for (let index = 1; index <= count; index += 1) log.add({ text: String(index), kind: 'stdout', time: 0 });
    return log;
  };
  const texts = (lines: readonly { readonly text: string }[]): string => lines.map(({ text }) => text).join(' ');

  test('keeps its beginning and its end, and counts what lies between', () => {
    const log = filled(10_000);
    expect([texts(log.first), log.omitted, texts(log.last), log.count]).toEqual([
      '1 2 3',
      9993,
      '9997 9998 9999 10000',
      10_000,
    ]);
  });

  test('leaves out nothing while it is short', () => {
    for (const count of [0, 1, 3, 4, 7]) {
      const log = filled(count);
      expect(log.omitted).toBe(0);
      expect(log.first.length + log.last.length).toBe(count);
    }
    expect(filled(8).omitted).toBe(1);
  });

  test('gives its last lines across beginning and end', () => {
    expect(texts(filled(5).ending(4))).toBe('2 3 4 5');
    expect(texts(filled(500).ending(2))).toBe('499 500');
    expect(texts(filled(2).ending(5))).toBe('1 2');
    expect(texts(filled(2).ending(0))).toBe('');
  });
});

describe('the rate of a transfer', () => {
  test('looks back five seconds', () => {
    const transfers = new Transfers();
    for (let second = 0; second <= 10; second += 1) {
      transfers.update(
        { label: 'pull', current: second <= 5 ? second * 100 : 500 + (second - 5) * 10, unit: 'bytes' },
        second * 1000,
      );
    }
    expect(transfers.all[0]!.rate).toBe(10);
  });

  test('is not told from one moment, and starts again with the transfer', () => {
    const transfers = new Transfers();
    transfers.update({ label: 'pull', current: 100, total: 200, unit: 'bytes' }, 0);
    expect(transfers.all[0]!.rate).toBeUndefined();
    transfers.update({ label: 'pull', current: 150, total: 200, unit: 'bytes' }, 1000);
    expect(transfers.all[0]!.rate).toBe(50);
    transfers.update({ label: 'pull', current: 0, total: 200, unit: 'bytes' }, 2000);
    expect(transfers.all[0]!.rate).toBeUndefined();
    expect(transfers.unfinished).toHaveLength(1);
    transfers.update({ label: 'pull', current: 200, total: 200, unit: 'bytes' }, 3000);
    expect(transfers.unfinished).toHaveLength(0);
  });
});

describe('lines about a transfer in a log', () => {
  const said = (steps: readonly (readonly [time: number, current: number])[], total?: number): string[] => {
    const milestones = new Milestones();
    return steps.flatMap(
      ([time, current], index) =>
        milestones.next({
          seq: index + 1,
          time,
          type: 'progress',
          node: 'n',
          label: 'pull',
          current,
          total,
          unit: 'items',
        }) ?? [],
    );
  };

  test('come every 10 % and at the end', () => {
    const steps = Array.from({ length: 101 }, (_, percent) => [percent * 900, percent] as const);
    expect(said(steps, 100)).toEqual(
      Array.from({ length: 10 }, (_, index) => `pull: ${(index + 1) * 10} of 100 (${(index + 1) * 10}%)`),
    );
  });

  test('come every ten seconds where the total is not known', () => {
    const steps = Array.from({ length: 25 }, (_, second) => [second * 1000, second] as const);
    expect(said(steps)).toEqual(['pull: 10', 'pull: 20']);
  });

  test('do not come for what is over at once', () => {
    expect(
      said(
        [
          [0, 0],
          [100, 50],
          [300, 100],
        ],
        100,
      ),
    ).toEqual([]);
  });

  test('come again for a second try', () => {
    expect(
      said(
        [
          [0, 0],
          [2000, 100],
          [3000, 0],
          [6000, 100],
        ],
        100,
      ),
    ).toEqual(['pull: 100 of 100 (100%)', 'pull: 100 of 100 (100%)']);
  });
});
