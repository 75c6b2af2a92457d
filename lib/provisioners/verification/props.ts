import { z } from 'zod';
import { asset, duration, text, type Rule } from '../../extension/props';
import { matcherOf } from '../matcher';
import { commandSchema } from './command';
import { fileSchema } from './file';
import { portEntry } from './port';
import { serviceEntry } from './service';

/** What each kind of check may be given. */
export const checksShape = {
  commands: z.array(z.union([text(), commandSchema])).optional(),
  files: z.array(fileSchema).optional(),
  ports: z.array(portEntry).optional(),
  services: z.array(serviceEntry).optional(),
  noTemporaryKeys: z.boolean().optional(),
  uniqueIdentity: z.boolean().optional(),
  goss: asset('any').optional(),
  gossVarsFile: asset().optional(),
  gossBinary: asset().optional(),
  within: duration().optional(),
};

const LISTS = ['commands', 'files', 'ports', 'services'] as const;
const FLAGS = ['noTemporaryKeys', 'uniqueIdentity'] as const;

/** Rule: expressions between slashes are expressions. */
export const expression: Rule = ({ commands, files }) => {
  for (const check of [commands, files].flat()) {
    if (typeof check !== 'object' || check === null) continue;
    for (const key of ['stdout', 'stderr', 'contains'] as const) {
      const value = (check as Readonly<Record<string, unknown>>)[key];
      if (typeof value === 'string' && matcherOf(value) === undefined)
        return `\`${key}\` is ${JSON.stringify(value)}, which is no valid regular expression`;
    }
  }
  return undefined;
};

/** Rule: there is something to check. */
export const someCheck: Rule = (given) => {
  const some = LISTS.some((name) => Array.isArray(given[name]) && given[name].length > 0);
  if (some || FLAGS.some((name) => given[name] === true) || given['goss'] !== undefined) return undefined;
  return `a verification needs a check: give ${[...LISTS, ...FLAGS].map((name) => `\`${name}\``).join(', ')} or \`goss\``;
};

/** Rule: what is for goss comes with a file for it. */
export const gossRule: Rule = ({ goss, gossVarsFile, gossBinary }) =>
  goss === undefined && (gossVarsFile !== undefined || gossBinary !== undefined)
    ? '`gossVarsFile` and `gossBinary` are for `goss`, which is not given'
    : undefined;
