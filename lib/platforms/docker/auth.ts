import { storedCredentials, type CredentialsContext } from '../../oci/credentials';
import { tryReference } from '../../oci/reference';
import { DOCKER_HUB, hostOf, serverOf } from '../../oci/registry-host';
import type { RegistryAuth } from './client';

/** Where a login was given in props. */
export interface LoginProps {
  readonly login?: boolean | undefined;
  readonly loginServer?: string | undefined;
  readonly loginUsername?: string | undefined;
  readonly loginPassword?: string | undefined;
}

/**
 * Credentials for the registry of an image, as the engine takes them: those of the props where they are for that registry, else those
 * that `docker login` left.
 */
export async function authFor(
  image: string,
  login: LoginProps,
  ctx: CredentialsContext,
): Promise<RegistryAuth | undefined> {
  const registry = tryReference(image)?.registry ?? DOCKER_HUB;
  const given = givenAuth(registry, login);
  if (given?.password !== undefined) ctx.secret(given.password);
  return given ?? (await storedAuth(registry, ctx));
}

/** The credentials in props, if they are for this registry. Without a server they are for whichever is asked. */
export function givenAuth(registry: string, login: LoginProps): RegistryAuth | undefined {
  const { loginServer, loginUsername, loginPassword } = login;
  if (login.login === false || loginUsername === undefined || loginPassword === undefined) return undefined;
  if (loginServer !== undefined && hostOf(loginServer) !== registry) return undefined;
  return { username: loginUsername, password: loginPassword, serveraddress: loginServer ?? serverOf(registry) };
}

async function storedAuth(registry: string, ctx: CredentialsContext): Promise<RegistryAuth | undefined> {
  const found = await storedCredentials(registry, ctx);
  if (!found) return undefined;
  const { username, password, identityToken } = found;
  const who = identityToken === undefined ? { username, password } : { identitytoken: identityToken };
  return { ...who, serveraddress: serverOf(registry) };
}
