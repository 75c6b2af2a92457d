import type { RunContext } from '../extension/context';
import { askHelper } from './credential-helper';
import { readDockerConfig, type StoredAuth } from './docker-config';
import { hostOf, serverOf } from './registry-host';

/** Who one is to a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** In place of a password: exchanged for an access token (OAuth2). */
  readonly identityToken?: string;
}

/** What finding credentials needs of a run. */
export type CredentialsContext = Pick<RunContext, 'env' | 'signal' | 'clock' | 'secret'>;

/**
 * What `docker login` stored for a registry, looked for in Docker's order: with a helper for the registry, with the store for all, in
 * config.json itself. Undefined: nothing.
 */
export async function storedCredentials(registry: string, ctx: CredentialsContext): Promise<Credentials | undefined> {
  const { credHelpers, credsStore, auths } = await readDockerConfig(ctx.env, 'ACCESS_DENIED');
  // A helper that is called nothing switches the store for all off.
  const helper = entryFor(credHelpers, registry) ?? credsStore ?? '';
  const fromHelper = helper === '' ? undefined : await askHelper(helper, serverOf(registry), ctx);
  const found = fromHelper ?? decode(entryFor(auths, registry) ?? {});
  for (const secret of [found?.password, found?.identityToken]) if (secret) ctx.secret(secret);
  return found;
}

function entryFor<T>(entries: Readonly<Record<string, T>> | undefined, registry: string): T | undefined {
  if (!entries) return undefined;
  const exact = entries[serverOf(registry)] ?? entries[registry];
  return exact ?? Object.entries(entries).find(([key]) => hostOf(key) === registry)?.[1];
}

function decode(stored: StoredAuth): Credentials | undefined {
  const { identitytoken: identityToken } = stored;
  // Some programs end the pair with NULs, and Docker takes that.
  const pair = Buffer.from(stored.auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const colon = pair.indexOf(':');
  const username = colon > 0 ? pair.slice(0, colon) : stored.username;
  const password = colon > 0 ? pair.slice(colon + 1) : stored.password;
  if (identityToken) return { username: username ?? '', password: password ?? '', identityToken };
  return username && password !== undefined ? { username, password } : undefined;
}
