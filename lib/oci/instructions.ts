import { parseHealthcheck } from './healthcheck';
import { jsonForm } from './json-form';
import { splitNameValues, type NameValue } from './name-values';
import { portsOf } from './ports';
import { environmentOf, type RunConfig } from './run-config';
import { expand, splitWords, type Variables } from './words';

/** What an instruction makes of a configuration: the parts that become different. */
export type Effect = (run: RunConfig) => RunConfig;

/**
 * Instructions that change how an image is run, each with how what follows it is read: https://docs.docker.com/reference/dockerfile/.
 * Reading throws where Docker would find something wrong, which it does only after the whole build. What a variable stands for is known
 * only then, so with variables some things are wrong only to the effect.
 */
export const INSTRUCTIONS = {
  CMD: (rest: string): Effect => {
    const words = jsonForm(rest);
    return (run) => ({ Cmd: words ?? byShell(rest, run) });
  },
  ENTRYPOINT: (rest: string): Effect => {
    const words = jsonForm(rest);
    return (run) => ({ Entrypoint: words ?? byShell(rest, run) });
  },
  ENV: (rest: string): Effect => {
    const given = splitNameValues(rest);
    return (run) => {
      const before = environmentOf(run);
      const all = { ...before, ...expandAll(given, before) };
      return { Env: Object.entries(all).map(([name, value]) => `${name}=${value}`) };
    };
  },
  EXPOSE: (rest: string): Effect => {
    const words = splitWords(rest);
    for (const word of words) if (!word.includes('$')) portsOf(expand(word, {}));
    return (run) => {
      const ports = words.flatMap((word) => portsOf(expand(word, environmentOf(run))));
      return { ExposedPorts: { ...run.ExposedPorts, ...asKeys(ports) } };
    };
  },
  HEALTHCHECK: (rest: string): Effect => {
    const Healthcheck = parseHealthcheck(rest);
    return () => ({ Healthcheck });
  },
  LABEL: (rest: string): Effect => {
    const given = splitNameValues(rest);
    return (run) => ({ Labels: { ...run.Labels, ...expandAll(given, environmentOf(run)) } });
  },
  ONBUILD: (rest: string): Effect => {
    if (/^(?:ONBUILD|FROM|MAINTAINER)\b/i.test(rest))
      throw new Error('ONBUILD takes any instruction but ONBUILD, FROM and MAINTAINER');
    return (run) => ({ OnBuild: [...(run.OnBuild ?? []), rest] });
  },
  SHELL: (rest: string): Effect => {
    const Shell = jsonForm(rest);
    if (!Shell || Shell.length === 0)
      throw new Error('SHELL takes a JSON array of strings, such as ["/bin/bash", "-c"]');
    return () => ({ Shell });
  },
  STOPSIGNAL: (rest: string): Effect => {
    if (!/^(?:SIG[A-Z0-9+-]+|\d+)$/.test(rest)) throw new Error('STOPSIGNAL takes a signal, such as SIGTERM or 15');
    return () => ({ StopSignal: rest });
  },
  USER: (rest: string): Effect => {
    if (!/^\S+$/.test(rest)) throw new Error('USER takes one word: NAME[:GROUP]');
    return (run) => ({ User: expand(rest, environmentOf(run)) });
  },
  VOLUME: (rest: string): Effect => {
    const words = jsonForm(rest) ?? splitWords(rest);
    return (run) => {
      const folders = words.map((word) => expand(word, environmentOf(run)));
      return { Volumes: { ...run.Volumes, ...asKeys(folders) } };
    };
  },
  WORKDIR: (rest: string): Effect => {
    return (run) => {
      const folder = expand(rest, environmentOf(run));
      const above = (run.WorkingDir ?? '').replace(/\/$/, '');
      return { WorkingDir: folder.startsWith('/') ? folder : `${above}/${folder}` };
    };
  },
} as const;

/** What is no JSON list of words is run by the shell. */
function byShell(command: string, { Shell }: RunConfig): readonly string[] {
  return [...(Shell ?? ['/bin/sh', '-c']), command];
}

/** One sees the variables as they were before all of them. */
function expandAll(given: readonly NameValue[], variables: Variables): Record<string, string> {
  return Object.fromEntries(given.map(([name, value]) => [expand(name, variables), expand(value, variables)]));
}

/** A set, as a configuration has it. */
function asKeys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
