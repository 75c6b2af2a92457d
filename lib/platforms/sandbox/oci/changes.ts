import { GoldsmithError, messageOf } from '../../../errors';
import { parseDuration } from '../../../util/duration';
import { environmentOf, type Healthcheck, type RunConfig } from './image-config';
import { expandLine, splitWords, type Variables } from './words';

type Change = (run: RunConfig, rest: string, variables: Variables) => void;

/** The words of a Dockerfile that change how an image is run, as `docker commit --change` takes them. */
const CHANGES: Readonly<Record<string, Change>> = {
  ENV: (run, rest, variables) => {
    const env = new Map(Object.entries(environmentOf(run)));
    for (const [name, value] of pairs(rest, variables)) env.set(name, value);
    run.Env = [...env].map(([name, value]) => `${name}=${value}`);
  },
  LABEL: (run, rest, variables) => void (run.Labels = { ...run.Labels, ...Object.fromEntries(pairs(rest, variables)) }),
  CMD: (run, rest) => void (run.Cmd = command(run, rest)),
  ENTRYPOINT: (run, rest) => void (run.Entrypoint = command(run, rest)),
  EXPOSE: (run, rest, variables) => {
    for (const port of splitWords(rest, variables)) {
      if (!/^\d+(-\d+)?(\/(tcp|udp|sctp))?$/.test(port))
        throw new Error(`\`${port}\` is no port; one looks like 80, 8080-8090 or 53/udp`);
      run.ExposedPorts = { ...run.ExposedPorts, [port.includes('/') ? port : `${port}/tcp`]: {} };
    }
  },
  VOLUME: (run, rest, variables) => {
    for (const volume of list(rest) ?? splitWords(rest, variables)) run.Volumes = { ...run.Volumes, [volume]: {} };
  },
  WORKDIR: (run, rest, variables) => {
    const given = expandLine(rest, variables);
    run.WorkingDir = given.startsWith('/') ? given : `${(run.WorkingDir ?? '/').replace(/\/$/, '')}/${given}`;
  },
  USER: (run, rest, variables) => void (run.User = expandLine(rest, variables)),
  STOPSIGNAL: (run, rest, variables) => void (run.StopSignal = expandLine(rest, variables)),
  HEALTHCHECK: (run, rest) => void (run.Healthcheck = healthcheck(rest)),
  ONBUILD: (run, rest) => void (run.OnBuild = [...(run.OnBuild ?? []), rest]),
  SHELL: (run, rest) => {
    const shell = list(rest);
    if (!shell || shell.length === 0) throw new Error('a list of words is needed, such as ["/bin/bash", "-c"]');
    run.Shell = shell;
  },
};

/**
 * Changes how an image is run. What no change names, stays; but a new ENTRYPOINT without a new CMD takes the old CMD away, as it
 * does in Docker, since the one is the other's argument.
 */
export function applyChanges(run: RunConfig, changes: readonly string[]): RunConfig {
  const result = structuredClone(run);
  const words = changes.map((change) => wordOf(change));
  for (const [index, change] of changes.entries()) {
    const word = words[index]!;
    try {
      CHANGES[word]!(result, change.trim().slice(word.length).trim(), environmentOf(result));
    } catch (error) {
      throw new GoldsmithError(
        'INVALID_PROPS',
        `\`changes[${index}]\` is ${JSON.stringify(change)}: ${messageOf(error)}`,
      );
    }
  }
  if (words.includes('ENTRYPOINT') && !words.includes('CMD')) delete result.Cmd;
  return result;
}

/** What is wrong with a change, if anything. */
export function problemOfChange(change: string): string | undefined {
  try {
    applyChanges({}, [change]);
    return undefined;
  } catch (error) {
    return messageOf(error).replace('`changes[0]` is', '');
  }
}

function wordOf(change: string): string {
  const word = /^\s*([A-Za-z]+)(?=\s|$)/.exec(change)?.[1]?.toUpperCase() ?? '';
  const rest = change.trim().slice(word.length).trim();
  if (CHANGES[word] !== undefined && rest !== '') return word;
  throw new GoldsmithError(
    'INVALID_PROPS',
    `\`changes\` has ${JSON.stringify(change)}; a change starts with one of ${Object.keys(CHANGES).join(', ')} and says what to`,
  );
}

/** `a=b "c d"=e`, or the old form `a b c` which sets `a` to `b c`. */
function pairs(rest: string, variables: Variables): [string, string][] {
  const words = splitWords(rest, variables);
  if (!/^\s*("[^"]*"|'[^']*'|[^\s=])+=/.test(rest)) {
    const [name, value] = [words[0]!, rest.trim().slice(rest.trim().search(/\s/) + 1)];
    if (words.length < 2) throw new Error(`\`${name}\` has no value; write ${name}=value`);
    return [[name, expandLine(value, variables)]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw new Error(`\`${word}\` is no name=value`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** A JSON list of words is run as it is; anything else by the shell. */
function command(run: RunConfig, rest: string): string[] {
  return list(rest) ?? [...(run.Shell ?? ['/bin/sh', '-c']), rest];
}

function list(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(rest);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function healthcheck(rest: string): Healthcheck {
  if (/^NONE$/i.test(rest)) return { Test: ['NONE'] };
  const check: Healthcheck = { Test: [] };
  let left = rest;
  for (let option; (option = /^--([a-z-]+)=(\S+)\s+/.exec(left)); left = left.slice(option[0].length))
    setOption(check, option[1]!, option[2]!);
  const body = /^CMD\s+(.+)$/is.exec(left)?.[1];
  if (body === undefined) throw new Error('a check is NONE, or options and then CMD and a command');
  const words = list(body);
  check.Test = words ? ['CMD', ...words] : ['CMD-SHELL', body];
  return check;
}

function setOption(check: Healthcheck, name: string, value: string): void {
  const nanoseconds = (): number => parseDuration(value) * 1e6;
  if (name === 'interval') check.Interval = nanoseconds();
  else if (name === 'timeout') check.Timeout = nanoseconds();
  else if (name === 'start-period') check.StartPeriod = nanoseconds();
  else if (name === 'retries') check.Retries = Number(value);
  else
    throw new Error(
      `\`--${name}\` is no option of a check; there are --interval, --timeout, --start-period and --retries`,
    );
}
