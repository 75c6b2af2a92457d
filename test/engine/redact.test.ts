import * as fc from 'fast-check';
import { Redactor } from '../../lib/engine/redact';

const secrets = fc
  .oneof(
    fc.string({ minLength: 4, maxLength: 20 }),
    fc.string({ minLength: 4, maxLength: 20, unit: 'grapheme' }),
    fc.string({ minLength: 4, maxLength: 12, unit: fc.constantFrom('a', 'b') }),
    fc.string({ minLength: 8, maxLength: 40, unit: fc.constantFrom(...'abc\'"\\$`%+/ =\t') }),
  )
  .filter((secret) => secret.trim().length >= 4);

/** How a program may print a value. */
const ENCODINGS: Readonly<Record<string, (value: string) => string>> = {
  raw: (value) => value,
  base64: (value) => Buffer.from(value).toString('base64'),
  'base64 without padding': (value) => Buffer.from(value).toString('base64').replace(/=+$/, ''),
  base64url: (value) => Buffer.from(value).toString('base64url'),
  json: (value) => JSON.stringify(value).slice(1, -1),
  'json twice': (value) => JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1),
  'shell single quotes': (value) => value.replace(/'/g, `'\\''`),
  'shell double quotes': (value) => value.replace(/(["\\$`])/g, '\\$1'),
  powershell: (value) => value.replace(/'/g, "''"),
  hex: (value) => Buffer.from(value).toString('hex'),
  'in upper case hex': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  url: (value) => encodeURIComponent(value),
  'url in lower case': (value) => encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  form: (value) => new URLSearchParams({ v: value }).toString().slice(2),
};
const encoding = fc.constantFrom(...Object.keys(ENCODINGS));

function encoded(name: string, value: string): string {
  try {
    return ENCODINGS[name]!(value);
  } catch {
    return value; // Half a surrogate pair is no URL.
  }
}

/** Cuts a text anywhere. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
}

const around = fc.string({ maxLength: 10, unit: fc.constantFrom('x', 'y', ' ', '\n') });

test('no form of a secret survives, wherever the text is cut', () => {
  fc.assert(
    fc.property(
      fc.array(secrets, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(), encoding, around), { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (values, uses, cuts) => {
        const redactor = new Redactor();
        for (const value of values) redactor.add(value);
        const used = uses.map(([index, name, rest]) => ({
          form: encoded(name, values[index % values.length]!.trim()),
          rest,
        }));
        const text = used.map(({ form, rest }) => form + rest).join('');

        const stream = redactor.stream();
        const shown =
          pieces(text, cuts)
            .map((piece) => stream.push(piece))
            .join('') + stream.end();
        const clean = redactor.clean(text);
        for (const { form } of used) {
          if (form.length < 4) continue;
          expect(shown.includes(form)).toBe(false);
          expect(clean.includes(form)).toBe(false);
        }
        expect(shown).toBe(clean);
      },
    ),
    { numRuns: 3000 },
  );
});

test('base64 of something that holds a secret does not show it, wherever it begins', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 9, maxLength: 40 }),
      fc.string({ maxLength: 5 }),
      fc.string({ maxLength: 5 }),
      (secret, before, after) => {
        fc.pre(secret.trim() === secret && !secret.includes('\n') && !secret.includes('\r'));
        const redactor = new Redactor();
        redactor.add(secret);
        const clean = redactor.clean(Buffer.from(before + secret + after).toString('base64'));
        const left = Buffer.from(clean.replace('<sensitive>', ''), 'base64').toString('latin1');
        // What surrounds it may be seen, and the letters that share their bits with it.
        expect(clean).toContain('<sensitive>');
        expect(left).not.toContain(Buffer.from(secret).toString('latin1').slice(2, -2));
      },
    ),
    { numRuns: 1000 },
  );
});

test('a text without a secret is shown as it is, and at the latest when it ends', () => {
  fc.assert(
    fc.property(
      fc.array(secrets, { maxLength: 3 }),
      fc.array(fc.string({ unit: fc.constantFrom('x', 'y', ' ', '0') })),
      (values, texts) => {
        fc.pre(values.every((value) => !/^[xy 0]/.test(value.trim()) && !/^[xy 0]+$/.test(value)));
        const redactor = new Redactor();
        for (const value of values) redactor.add(value);
        const stream = redactor.stream();
        const shown = texts.map((text) => stream.push(text)).join('') + stream.end();
        expect(shown).toBe(texts.join(''));
      },
    ),
    { numRuns: 1000 },
  );
});

test('nothing is held back that cannot be the beginning of a secret', () => {
  const redactor = new Redactor();
  redactor.add('secret-value');
  const stream = redactor.stream();
  expect(stream.push('hello\n')).toBe('hello\n');
  expect(stream.push('a sec')).toBe('a ');
  expect(stream.push('ond')).toBe('second');
  expect(stream.push(' secret-value!')).toBe(' <sensitive>!');
  expect(stream.push('secret-val')).toBe('');
  expect(stream.end()).toBe('secret-val');
});

test('two secrets that overlap are hidden whole', () => {
  const redactor = new Redactor();
  redactor.add('abcdef');
  redactor.add('defghi');
  redactor.add('abcd');
  expect(redactor.clean('-abcdefghi-')).toBe('-<sensitive>-');
  const stream = redactor.stream();
  const shown = [...'-abcdefghi-'].map((letter) => stream.push(letter)).join('') + stream.end();
  expect(shown).toBe('-<sensitive>-');
});

test('each line of a secret of several lines is one, but not its short ones', () => {
  const redactor = new Redactor();
  redactor.add('-----BEGIN KEY-----\nMIIEvQIBADANBg\n}\n-----END KEY-----\n');
  expect(redactor.clean('  MIIEvQIBADANBg }')).toBe('  <sensitive> }');
});

test('a value shorter than four letters cannot be hidden, and that is said', () => {
  const redactor = new Redactor();
  expect(redactor.add('abc')).toBe(false);
  expect(redactor.add('abcd')).toBe(true);
  expect(redactor.clean('abc abcd')).toBe('abc <sensitive>');
});

test('objects lose secrets in values and in keys, and keep everything else', () => {
  const redactor = new Redactor();
  redactor.add('hunter2');
  expect(redactor.cleanDeep({ a: ['x hunter2', 5, null, true], hunter2: { b: 'y' } })).toEqual({
    a: ['x <sensitive>', 5, null, true],
    '<sensitive>': { b: 'y' },
  });
});

test('long secrets and much output take a bearable time', () => {
  const redactor = new Redactor();
  const key = Array.from({ length: 50 }, (_, line) => `${line}`.padStart(4, '0').repeat(16)).join('\n');
  redactor.add(`-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----`);
  for (let index = 0; index < 20; index += 1) redactor.add(`token-${index}-${'x'.repeat(30)}`);
  const stream = redactor.stream();
  const line = 'Get:1 http://deb.debian.org/debian bookworm/main amd64 nginx amd64 1.22.1-9 [527 kB]\n';
  const started = performance.now();
  let length = 0;
  for (let index = 0; index < 10_000; index += 1) length += stream.push(line).length;
  length += stream.end().length;
  expect(length).toBe(line.length * 10_000);
  // Ten thousand lines of apt come in a minute; a generous hundredth of that on a busy machine would be a second.
  expect(performance.now() - started).toBeLessThan(5_000);
});
