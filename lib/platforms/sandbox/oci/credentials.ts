import { spawn } from 'node:child_process';
import * as os from 'node:os';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { isObject } from '../../../plan/json';
import { readIfThere } from '../../../util/atomic';
import { findTool } from '../machine/tools';

/** Who one is to a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** In place of a password: exchanged for an access token (OAuth2). */
  readonly identityToken?: string;
}

/** Docker's own registry goes by an address of old in the config. */
const HUB_KEYS = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];

/** What `docker login` stored for a registry: in config.json itself, or with a helper. Undefined: nothing. */
export async function dockerCredentials(registry: string, ctx: RunContext): Promise<Credentials | undefined> {
  const folder = ctx.env['DOCKER_CONFIG'] ?? path.join(ctx.env['HOME'] ?? os.homedir(), '.docker');
  const file = path.join(folder, 'config.json');
  const text = await readIfThere(file).catch(() => undefined);
  if (text === undefined) return undefined;
  const config = parse(text, file);
  const keys =
    registry === 'docker.io'
      ? HUB_KEYS
      : [registry, `https://${registry}`, `http://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`];
  const helpers = isObject(config['credHelpers']) ? config['credHelpers'] : {};
  const helper = keys.map((key) => helpers[key]).find((name) => typeof name === 'string') ?? config['credsStore'];
  const found = (typeof helper === 'string' && (await askHelper(helper, keys, ctx))) || fromAuths(config, keys);
  for (const secret of found ? [found.password, found.identityToken] : []) if (secret) ctx.secret(secret);
  return found;
}

function parse(text: string, file: string): { readonly [key: string]: unknown } {
  try {
    const config: unknown = JSON.parse(text);
    if (isObject(config)) return config;
  } catch {
    // Said below.
  }
  throw new GoldsmithError('ACCESS_DENIED', `${file} is no JSON object, so the registry's credentials cannot be read`, {
    hint: 'repair it, or log in anew with `docker login`',
  });
}

function fromAuths(config: { readonly [key: string]: unknown }, keys: readonly string[]): Credentials | undefined {
  const auths = isObject(config['auths']) ? config['auths'] : {};
  for (const key of keys) {
    const entry = auths[key];
    if (!isObject(entry)) continue;
    const token =
      typeof entry['identitytoken'] === 'string' && entry['identitytoken'] !== ''
        ? { identityToken: entry['identitytoken'] }
        : {};
    if (typeof entry['auth'] === 'string' && entry['auth'] !== '') {
      const pair = Buffer.from(entry['auth'], 'base64').toString('utf8');
      const colon = pair.indexOf(':');
      return { username: pair.slice(0, colon), password: pair.slice(colon + 1), ...token };
    }
    if (typeof entry['username'] === 'string')
      return { username: entry['username'], password: String(entry['password'] ?? ''), ...token };
  }
  return undefined;
}

/** Helpers are programs `docker-credential-NAME`: they read the server on `get`, and print JSON. */
async function askHelper(name: string, keys: readonly string[], ctx: RunContext): Promise<Credentials | undefined> {
  const program = findTool(`docker-credential-${name}`, ctx.env);
  if (!program) {
    ctx.warn(
      `docker's config names the credential helper \`docker-credential-${name}\`, which was not found; going on without it`,
    );
    return undefined;
  }
  for (const key of keys) {
    const answer = await call(program, key, ctx);
    if (answer === undefined) continue;
    const { Username, Secret } = JSON.parse(answer) as { Username: string; Secret: string };
    return Username === '<token>'
      ? { username: '', password: '', identityToken: Secret }
      : { username: Username, password: Secret };
  }
  return undefined;
}

function call(program: string, key: string, ctx: RunContext): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { env: ctx.env, stdio: ['pipe', 'pipe', 'ignore'], signal: ctx.signal });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 && printed.trim() !== '' ? printed : undefined));
    child.stdin.end(key);
  });
}
