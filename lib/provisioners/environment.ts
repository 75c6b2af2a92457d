import { z } from 'zod';
import { GoldsmithError } from '../errors';
import { text, textMap, type Rule } from '../extension/props';
import type { Text } from '../plan/late';

/** Props of steps that run scripts: what the scripts find in their environment. */
export interface EnvironmentProps {
  /**
   * Environment variables as `NAME=value`, Packer's way.
   * @default - none
   */
  readonly environmentVars?: readonly Text[];
  /**
   * Environment variables by name. Wins over `environmentVars`.
   * @default - none
   */
  readonly env?: Readonly<Record<string, Text>>;
}

/** Schema of {@link EnvironmentProps}. */
export const environmentShape = {
  environmentVars: z.array(text()).optional(),
  env: textMap().optional(),
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Rule: the names are ones that a shell can hold. */
export const environmentRule: Rule = ({ environmentVars, env }) => {
  for (const entry of (environmentVars as readonly unknown[] | undefined) ?? []) {
    if (typeof entry === 'string' && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(entry)) {
      return `\`environmentVars\` has ${JSON.stringify(entry)}, but each must read NAME=value, its name of letters, digits and _`;
    }
  }
  const wrong = Object.keys(env ?? {}).find((name) => !NAME.test(name));
  return wrong === undefined
    ? undefined
    : `\`env\` has the name ${JSON.stringify(wrong)}; allowed are letters, digits and _`;
};

/** All variables together, sorted by name; those that the user sets win over those that goldsmith sets. */
export function environmentOf(
  config: {
    readonly environmentVars?: readonly string[] | undefined;
    readonly env?: Readonly<Record<string, string>> | undefined;
  },
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const given = (config.environmentVars ?? []).map((entry): [string, string] => {
    const at = entry.indexOf('=');
    return [entry.slice(0, Math.max(at, 0)), entry.slice(at + 1)];
  });
  const all = { ...variables, ...Object.fromEntries(given), ...config.env };
  for (const [name, value] of Object.entries(all)) {
    if (!NAME.test(name))
      throw new GoldsmithError('INVALID_PROPS', `${JSON.stringify(name)} is no name of an environment variable`);
    if (value.includes('\0'))
      throw new GoldsmithError('INVALID_PROPS', `the value of the environment variable ${name} holds a NUL`);
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Variables as text, each by a format with two `%s` (name and value), as Packer's `env_var_format`. Within the
 * quotes of the format a single quote becomes `'"'"'`, unless another shell has other rules.
 */
export function formatEnvironment(
  environment: Readonly<Record<string, string>>,
  format: string,
  quoted: (value: string) => string = (value) => value.replaceAll("'", `'"'"'`),
): string {
  return Object.entries(environment)
    .map(([name, value]) => {
      const pieces = [name, quoted(value)];
      return format.replace(/%[s%]/g, (found) => (found === '%%' ? '%' : (pieces.shift() ?? '')));
    })
    .join('');
}

/** Rule: a format of variables has places for the name and the value. */
export const envVarFormatRule: Rule = ({ envVarFormat }) => {
  if (typeof envVarFormat !== 'string' || (envVarFormat.replaceAll('%%', '').match(/%s/g) ?? []).length === 2)
    return undefined;
  return `\`envVarFormat\` is ${JSON.stringify(envVarFormat)}, but it needs two %s: for the name and for the value`;
};
