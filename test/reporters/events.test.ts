import * as fs from 'node:fs';
import * as path from 'node:path';
import type { RunEvent } from '../../lib/engine/events';
import { eventLineSchema, eventSchemas, type EventLine } from '../../lib/reporters/event-schema';
import { eventLine, parseEvents } from '../../lib/reporters/json';
import type { z } from 'zod';
import { eventsPage } from './helpers/events-page';
import { everyEvent } from './helpers/every-event';

/** Without `readonly` and the difference between absent and undefined, which zod does not tell apart. */
type Loose<T> = T extends object
  ? T extends readonly (infer E)[]
    ? Loose<E>[]
    : { -readonly [K in keyof T]: object extends Pick<T, K> ? Loose<T[K]> | undefined : Loose<T[K]> }
  : T;
type Assignable<A, B> = [A] extends [B] ? true : false;

test('the schema and the events of the engine accept the same, as the compiler sees it', () => {
  const same: [
    Assignable<Loose<EventLine>, Loose<z.infer<typeof eventLineSchema>>>,
    Assignable<Loose<z.infer<typeof eventLineSchema>>, Loose<EventLine>>,
  ] = [true, true];
  expect(same).toEqual([true, true]);
});

test('every type of event, with all its fields and with the required ones only, passes the schema as a line of JSON', () => {
  const events = everyEvent();
  for (const event of events) expect(() => eventLineSchema.parse(JSON.parse(eventLine(event)))).not.toThrow();
  const types = new Set(events.map(({ type }) => type));
  expect([...types].sort()).toEqual(eventSchemas.map(({ shape }) => shape.type.value).sort());
});

test('every line begins with its version', () => {
  for (const event of everyEvent()) expect(eventLine(event)).toMatch(/^\{"v":1,"seq":\d+,"time":\d+,/);
});

test('a field that the documentation does not know fails the schema', () => {
  const [first] = everyEvent();
  expect(() => eventLineSchema.parse({ v: 1, ...first, surprise: 1 })).toThrow(/surprise/);
});

test('docs/events.md says what the schema says (GOLDSMITH_UPDATE_DOCS=1 writes it)', () => {
  const file = path.join(__dirname, '../../docs/events.md');
  if (process.env['GOLDSMITH_UPDATE_DOCS'] === '1') fs.writeFileSync(file, eventsPage());
  expect(fs.readFileSync(file, 'utf8')).toBe(eventsPage());
});

describe('reading events back', () => {
  const lines = (events: readonly RunEvent[]): string => events.map((event) => `${eventLine(event)}\n`).join('');

  test('gives the events that were written', () => {
    expect(parseEvents(lines(everyEvent()))).toEqual(JSON.parse(JSON.stringify(everyEvent())));
  });

  test('takes lines without a version, as the run folder has them', () => {
    const [event] = everyEvent();
    expect(parseEvents(`${JSON.stringify(event)}\n`)).toHaveLength(1);
  });

  test('leaves out a last line that was cut off', () => {
    const text = lines(everyEvent());
    expect(parseEvents(text.slice(0, -20))).toHaveLength(everyEvent().length - 1);
    expect(parseEvents(text.slice(0, -1))).toHaveLength(everyEvent().length);
  });

  test.each([
    ['{"v":1}\n', 'line 1 of the events cannot be read: an event has `v`, `seq`, `time` and `type`'],
    ['null\n', 'line 1 of the events cannot be read: an event has `v`, `seq`, `time` and `type`'],
    ['{"seq":\n', 'line 1 of the events cannot be read: it is not JSON'],
    [
      '\n{"v":2,"seq":1,"time":1,"type":"x"}\n',
      'line 2 of the events cannot be read: its version is 2, this goldsmith reads 1',
    ],
  ])('says which line is no event: %j', (text, message) => {
    expect(() => parseEvents(text)).toThrow(expect.objectContaining({ code: 'STATE_DAMAGED', message }));
  });
});
