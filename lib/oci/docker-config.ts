import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import { isObject } from '../plan/json';

type Env = Readonly<Record<string, string | undefined>>;

/** What is used of Docker's config.json (https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties). */
export interface DockerConfig {
  readonly auths?: Readonly<Record<string, StoredAuth>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly currentContext?: string;
}

/** Credentials in config.json itself. */
export interface StoredAuth {
  /** `user:password` in base64. */
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/** Folder of Docker's client configuration. */
export function configDir(env: Env): string {
  return env['DOCKER_CONFIG'] || path.join(env['HOME'] || env['USERPROFILE'] || os.homedir(), '.docker');
}

/**
 * Reads config.json; an empty one where there is none.
 *
 * @param code what it means for the caller when the file is damaged
 */
export async function readDockerConfig(
  env: Env,
  code: 'PLATFORM_UNAVAILABLE' | 'ACCESS_DENIED',
): Promise<DockerConfig> {
  const file = path.join(configDir(env), 'config.json');
  const text = await readIfAllowed(file);
  if (text === undefined || text.trim() === '') return {};
  const parsed = parse(text);
  if (isObject(parsed)) return parsed as DockerConfig;
  throw new GoldsmithError(code, `Docker's configuration in ${file} is no JSON object`, {
    hint: 'repair the file or move it away; DOCKER_CONFIG names another folder',
  });
}

async function readIfAllowed(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A home that this user may not read holds no configuration for this user.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
