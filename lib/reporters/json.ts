import { GoldsmithError } from '../errors';
import type { RunEvent } from '../engine/events';
import type { Output, Reporter } from './reporter';

/**
 * Version of the JSON lines: on each of them, since lines are cut, merged and filtered. It is raised when a reader that
 * ignores what it does not know would still be misled.
 */
export const EVENTS_VERSION = 1;

/** One event a line: `{"v":1,"seq":1,"time":…,"type":"run-started",…}`. See docs/events.md. */
export function jsonReporter({ output }: { readonly output: Output }): Reporter {
  return {
    event: (event) => void output.write(`${eventLine(event)}\n`),
    close: () => undefined,
  };
}

/** An event as one line of JSON, without the line feed. */
export function eventLine(event: RunEvent): string {
  return JSON.stringify({ v: EVENTS_VERSION, ...event });
}

/**
 * Reads what {@link jsonReporter} wrote. A last line that was cut off is left out, since a run that was killed
 * ends with one.
 *
 * @throws GoldsmithError where a line is no event, or of a newer version
 */
export function parseEvents(text: string): RunEvent[] {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  if (isJson(rest)) lines.push(rest);
  return lines.flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, index + 1)]));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseLine(line: string, number: number): RunEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw damaged(number, 'it is not JSON');
  }
  if (!isNumbered(value)) throw damaged(number, 'an event has `v`, `seq`, `time` and `type`');
  const { v = EVENTS_VERSION, ...event } = value;
  if (v !== EVENTS_VERSION) {
    throw damaged(number, `its version is ${JSON.stringify(v)}, this goldsmith reads ${EVENTS_VERSION}`);
  }
  return event as unknown as RunEvent;
}

function isNumbered(value: unknown): value is { readonly v?: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const { type, seq, time } = value as Partial<RunEvent>;
  return typeof type === 'string' && typeof seq === 'number' && typeof time === 'number';
}

function damaged(line: number, why: string): GoldsmithError {
  return new GoldsmithError('STATE_DAMAGED', `line ${line} of the events cannot be read: ${why}`);
}
