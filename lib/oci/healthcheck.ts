import { parseDuration } from '../util/duration';
import { jsonForm } from './json-form';
import type { Healthcheck } from './run-config';

/** What HEALTHCHECK takes: `NONE`, or options and then `CMD` and a command. */
export function parseHealthcheck(rest: string): Healthcheck {
  if (/^NONE$/i.test(rest)) return { Test: ['NONE'] };
  const [, options = '', command] = /^((?:--\S+\s+)*)CMD\s+(.+)$/is.exec(rest) ?? [];
  if (command === undefined) throw new Error('HEALTHCHECK takes NONE, or [OPTIONS] CMD and a command');
  const words = jsonForm(command);
  const Test = words ? ['CMD', ...words] : ['CMD-SHELL', command];
  return Object.assign({ Test }, ...options.split(/\s+/).filter(Boolean).map(optionOf)) as Healthcheck;
}

/** Options by the names that they have in a configuration: https://docs.docker.com/reference/dockerfile/#healthcheck */
const DURATIONS: Readonly<Record<string, keyof Healthcheck>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

function optionOf(option: string): Healthcheck {
  const [, name = '', value = ''] = /^--([a-z-]+)=(.+)$/.exec(option) ?? [];
  const duration = DURATIONS[name];
  if (duration !== undefined) return { [duration]: parseDuration(value) * 1e6 };
  if (name !== 'retries')
    throw new Error(
      `\`${option}\` is no option of a check; there are --${[...Object.keys(DURATIONS), 'retries'].join(', --')}, each with =VALUE`,
    );
  if (!/^\d+$/.test(value)) throw new Error(`\`${option}\`: that is no number`);
  return { Retries: Number(value) };
}
