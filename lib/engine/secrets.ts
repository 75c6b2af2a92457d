import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { SecretExtension } from '../extension/secret';

const OWN = 'goldsmith';

/** The secrets that goldsmith reads by itself. */
export const builtInSecrets: readonly SecretExtension[] = [
  {
    kind: 'secret',
    use: 'env',
    module: OWN,
    read: async ({ name }, { env }) => {
      const value = env[String(name)];
      if (value === undefined || value === '') {
        throw unavailable(
          `the environment variable \`${String(name)}\` is ${value === '' ? 'empty' : 'not set'}`,
          'set it where the build runs',
        );
      }
      return value;
    },
  },
  {
    kind: 'secret',
    use: 'file',
    module: OWN,
    read: async ({ path: file }, { projectDir }) => {
      const absolute = path.resolve(projectDir, String(file));
      try {
        return (await fs.readFile(absolute, 'utf8')).replace(/\r?\n$/, '');
      } catch (error) {
        throw unavailable(
          `the file \`${String(file)}\` cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
          `looked at ${absolute}`,
        );
      }
    },
  },
  {
    kind: 'secret',
    use: 'command',
    module: OWN,
    read: ({ command, args }, { projectDir, signal, env }) =>
      new Promise((resolve, reject) => {
        const list = Array.isArray(args) ? args.map(String) : [];
        execFile(
          String(command),
          list,
          { cwd: projectDir, signal, env: env as NodeJS.ProcessEnv, maxBuffer: 1 << 20 },
          (error, stdout) => {
            // What it printed is never shown: it may hold the secret, or half of it.
            if (error)
              reject(
                unavailable(
                  `the command \`${String(command)}\` failed (${error.code ?? error.signal ?? 'unknown'})`,
                  'run it by hand to see what it says',
                ),
              );
            else resolve(stdout.replace(/\r?\n$/, ''));
          },
        );
      }),
  },
  {
    kind: 'secret',
    use: 'variable',
    module: OWN,
    read: async ({ name }, { variables }) => {
      const value = variables[String(name)];
      if (value === undefined)
        throw unavailable(
          `the sensitive variable \`${String(name)}\` has no value`,
          `give one: GOLDSMITH_VAR_${String(name)}, or a --var-file`,
        );
      return value;
    },
  },
];

function unavailable(message: string, hint: string): GoldsmithError {
  return new GoldsmithError('SECRET_UNAVAILABLE', message, { hint });
}
