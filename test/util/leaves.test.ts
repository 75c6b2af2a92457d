import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { parseDuration } from '../../lib/util/duration';
import { shellQuote } from '../../lib/util/quote';
import { Tail } from '../../lib/util/tail';
import { renderTemplate } from '../../lib/util/template';
import { findCommand } from '../../lib/util/which';

describe('parseDuration', () => {
  test.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['1h30m', 5_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, expected) => expect(parseDuration(text)).toBe(expected));

  test.each(['', '5', 's', '-5s', '5 s', '1h-30m', '5minutes', 'x5s'])('%j is refused', (text) => {
    expect(() => parseDuration(text)).toThrow('is no length of time');
  });
});

test('shellQuote makes one word of anything', () => {
  const words = fc.array(
    fc.string({ unit: 'binary' }).filter((word) => !word.includes('\0')),
    { maxLength: 20 },
  );
  const property = fc.property(words, (given) => {
    const command = `printf '%s\\0' ${['', ...given].map(shellQuote).join(' ')}`;
    expect(execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' }).split('\0').slice(1, -1)).toEqual(given);
  });
  fc.assert(property, { numRuns: 50 });
});

test('Tail keeps the last lines, however the text is cut', () => {
  const property = fc.property(
    fc.array(
      fc.string({ maxLength: 30 }).map((line) => line.replace(/[\r\n]/g, '')),
      { maxLength: 60 },
    ),
    fc.nat(50),
    (lines, cut) => {
      const text = lines.map((line) => `${line}\n`).join('');
      const tail = new Tail(5);
      for (let at = 0; at < text.length; at += cut + 1) tail.push(text.slice(at, at + cut + 1));
      expect(tail.toString()).toBe(lines.slice(-5).join('\n'));
    },
  );
  fc.assert(property);
  const endless = new Tail();
  for (let index = 0; index < 1000; index += 1) endless.push('x'.repeat(1000));
  expect(endless.toString().length).toBeLessThanOrEqual(4096);
});

test("renderTemplate knows Packer's ways to name a field, and lists them for one that it does not know", () => {
  expect(
    renderTemplate('p', '{{.A}} {{ .B }} {{- .A -}} {{ build `B` }} {{build "A"}} $A {x}', { A: '1', B: '$&' }),
  ).toBe('1 $& 1 $& 1 $A {x}');
  expect(() => renderTemplate('executeCommand', '{{.C}}', { A: '1' })).toThrow('`executeCommand` has {{.C}}');
  expect(() => renderTemplate('p', '{{ user `x` }}', { A: '1' })).toThrow('{{ user `x` }}');
});

test('findCommand looks where a shell would', async () => {
  expect(await findCommand('sh', '/nonexistent:/bin')).toBe('/bin/sh');
  expect(await findCommand('sh', '')).toBeUndefined();
  expect(await findCommand('no-such-command', process.env['PATH'])).toBeUndefined();
});
