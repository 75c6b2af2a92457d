import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import { runProcess } from '../../util/spawn';
import type { RegistryAuth } from './client';
import { readDockerConfig, type DockerConfig, type StoredAuth } from './docker-config';
import { DOCKER_HUB, parseReference } from './reference';

/** Where a login was given in props. */
export interface LoginProps {
  readonly login?: boolean | undefined;
  readonly loginServer?: string | undefined;
  readonly loginUsername?: string | undefined;
  readonly loginPassword?: string | undefined;
}

type AuthContext = Pick<RunContext, 'env' | 'signal' | 'clock' | 'secret'>;

/** The name under which Docker keeps credentials of Docker Hub. */
const HUB_KEY = 'https://index.docker.io/v1/';

/**
 * Credentials for the registry of an image: those of the props where they are for that registry, else those that
 * `docker login` left, in the order in which Docker looks: a helper for the registry, the store for all, config.json itself.
 */
export async function authFor(image: string, login: LoginProps, ctx: AuthContext): Promise<RegistryAuth | undefined> {
  const registry = parseReference(image)?.registry ?? DOCKER_HUB;
  const given = givenAuth(registry, login);
  if (given?.password !== undefined) ctx.secret(given.password);
  return given ?? (await storedAuth(registry, await readDockerConfig(ctx.env), ctx));
}

/** The credentials in props, if they are for this registry. Without a server they are for whichever is asked. */
export function givenAuth(registry: string, login: LoginProps): RegistryAuth | undefined {
  const { loginServer, loginUsername, loginPassword } = login;
  if (login.login === false || loginUsername === undefined || loginPassword === undefined) return undefined;
  if (loginServer !== undefined && hostOf(loginServer) !== registry) return undefined;
  return { username: loginUsername, password: loginPassword, serveraddress: loginServer ?? serverOf(registry) };
}

/** Address of a registry, as credentials are kept under it. */
export function serverOf(registry: string): string {
  return registry === DOCKER_HUB ? HUB_KEY : registry;
}

/** Registry of an address: `https://registry.acme.test/v2/` and `registry.acme.test` are one. */
export function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return ['index.docker.io', 'registry-1.docker.io', ''].includes(host) ? DOCKER_HUB : host;
}

/** What Docker's configuration has for a registry. */
export async function storedAuth(
  registry: string,
  config: DockerConfig,
  ctx: AuthContext,
): Promise<RegistryAuth | undefined> {
  const server = serverOf(registry);
  const helper = entryFor(config.credHelpers, registry) ?? config.credsStore;
  if (helper !== undefined && helper !== '') {
    const fromHelper = await askHelper(helper, server, ctx);
    if (fromHelper) return fromHelper;
  }
  const stored = entryFor(config.auths, registry);
  return stored && decode(stored, server, ctx);
}

function entryFor<T>(entries: Readonly<Record<string, T>> | undefined, registry: string): T | undefined {
  if (!entries) return undefined;
  const exact = entries[serverOf(registry)] ?? entries[registry];
  if (exact !== undefined) return exact;
  return Object.entries(entries).find(([key]) => hostOf(key) === registry)?.[1];
}

function decode(stored: StoredAuth, serveraddress: string, ctx: AuthContext): RegistryAuth | undefined {
  if (stored.identitytoken) {
    ctx.secret(stored.identitytoken);
    return { identitytoken: stored.identitytoken, serveraddress };
  }
  const pair = stored.auth ? Buffer.from(stored.auth, 'base64').toString('utf8').replace(/\0+$/, '') : undefined;
  const colon = pair?.indexOf(':') ?? -1;
  const username = pair !== undefined && colon > 0 ? pair.slice(0, colon) : stored.username;
  const password = pair !== undefined && colon > 0 ? pair.slice(colon + 1) : stored.password;
  if (!username || password === undefined) return undefined;
  ctx.secret(password);
  return { username, password, serveraddress };
}

/** Asks a credential helper: https://github.com/docker/docker-credential-helpers#development. */
async function askHelper(name: string, server: string, ctx: AuthContext): Promise<RegistryAuth | undefined> {
  const program = `docker-credential-${name}`;
  let answer = '';
  const end = await runProcess(program, ['get'], {
    env: ctx.env,
    signal: ctx.signal,
    clock: ctx.clock,
    stdin: server,
    onOutput: (text, stream) => {
      if (stream === 'stdout') answer += text;
    },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new GoldsmithError(
      'ACCESS_DENIED',
      `Docker's configuration says that \`${program}\` knows the login for ${server}, but there is no such program`,
      {
        hint: `install it, or take \`${name}\` out of credsStore and credHelpers in config.json`,
        cause: error,
      },
    );
  });
  // A helper that has nothing for a server says so on its output and exits with 1: an answer, not a fault.
  if (!('code' in end) || end.code !== 0) return undefined;
  const found = parseAnswer(answer, program);
  if (!found.Secret) return undefined;
  ctx.secret(found.Secret);
  if (found.Username === '<token>') return { identitytoken: found.Secret, serveraddress: server };
  return { username: found.Username ?? '', password: found.Secret, serveraddress: server };
}

function parseAnswer(answer: string, program: string): { readonly Username?: string; readonly Secret?: string } {
  try {
    return JSON.parse(answer) as { Username?: string; Secret?: string };
  } catch {
    throw new GoldsmithError('ACCESS_DENIED', `\`${program} get\` did not answer with JSON`, {
      hint: 'run `docker login` again',
    });
  }
}
