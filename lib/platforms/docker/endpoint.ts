import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import { configDir, readDockerConfig } from '../../oci/docker-config';

type Env = Readonly<Record<string, string | undefined>>;

/** Where the engine is. */
export interface Endpoint {
  /** As Docker writes it: `unix:///var/run/docker.sock`, `tcp://build.acme.test:2376`. */
  readonly url: string;
  /** Who said so: `DOCKER_HOST`, `context colima`, `the default`. */
  readonly origin: string;
  /** Everything that was looked at. */
  readonly tried: readonly string[];
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly protocol: 'http' | 'https' | 'ssh';
  readonly tls?: TlsFiles;
  /** Whether it runs on this machine, so that paths mean the same to it. */
  readonly local: boolean;
  readonly apiVersion?: string;
}

/** Certificates, as PEM. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Whether the engine's certificate is checked. */
  readonly verify: boolean;
}

/**
 * Finds the engine as Docker's own command line does: DOCKER_HOST, then DOCKER_CONTEXT, then the context in
 * config.json, then the usual sockets.
 */
export async function findEndpoint(env: Env, platform: NodeJS.Platform = process.platform): Promise<Endpoint> {
  const host = env['DOCKER_HOST'];
  if (host) return withVersion(await fromUrl(host, 'DOCKER_HOST', await tlsFromEnv(env)), env);
  const context = env['DOCKER_CONTEXT'] || (await readDockerConfig(env, 'PLATFORM_UNAVAILABLE')).currentContext;
  if (context && context !== 'default') return withVersion(await fromContext(context, env), env);
  return withVersion(await fromDefaults(env, platform), env);
}

function withVersion(endpoint: Endpoint, env: Env): Endpoint {
  const version = env['DOCKER_API_VERSION'];
  return version ? { ...endpoint, apiVersion: `v${version.replace(/^v/, '')}` } : endpoint;
}

async function fromUrl(text: string, origin: string, tls: TlsFiles | undefined): Promise<Endpoint> {
  const url = text.includes('://') ? text : `tcp://${text}`;
  const [scheme, rest] = [url.slice(0, url.indexOf('://')), url.slice(url.indexOf('://') + 3)];
  const common = { url, origin, tried: [url] };
  if (scheme === 'unix' || scheme === 'npipe') {
    const socketPath = rest || (scheme === 'unix' ? '/var/run/docker.sock' : '//./pipe/docker_engine');
    return { ...common, socketPath, protocol: 'http', local: true };
  }
  const parsed = URL.canParse(url) ? new URL(url.replace(/^tcp:/, 'http:')) : undefined;
  if (!parsed || !parsed.hostname || !['tcp', 'http', 'https', 'ssh'].includes(scheme)) {
    throw new GoldsmithError(
      'PLATFORM_UNAVAILABLE',
      `${origin} says that the Docker Engine is at ${JSON.stringify(text)}, which is no address`,
      {
        hint: 'write unix:///path/to/docker.sock, tcp://HOST:PORT or ssh://USER@HOST',
      },
    );
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const local = false;
  if (scheme === 'ssh') {
    const username = decodeURIComponent(parsed.username);
    return {
      ...common,
      host,
      port: Number(parsed.port || 22),
      protocol: 'ssh',
      local,
      ...(username !== '' && { username }),
    };
  }
  const secure = tls !== undefined || scheme === 'https';
  // 2375 and 2376 are the ports registered for Docker without and with TLS (IANA service names and port numbers).
  const port = Number(parsed.port || (secure ? 2376 : 2375));
  return { ...common, host, port, protocol: secure ? 'https' : 'http', local, ...(tls && { tls }) };
}

async function tlsFromEnv(env: Env): Promise<TlsFiles | undefined> {
  const verify = Boolean(env['DOCKER_TLS_VERIFY']);
  if (!verify && !env['DOCKER_TLS']) return undefined;
  return readTls(env['DOCKER_CERT_PATH'] || configDir(env), verify);
}

async function readTls(dir: string, verify: boolean): Promise<TlsFiles> {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readPem(path.join(dir, name))),
  );
  if ((cert === undefined) !== (key === undefined)) {
    throw new GoldsmithError(
      'PLATFORM_UNAVAILABLE',
      `of cert.pem and key.pem in ${dir} only one is there; TLS to the Docker Engine needs both or none`,
      {
        hint: 'DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem',
      },
    );
  }
  return { verify, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function readPem(file: string): Promise<Buffer | undefined> {
  try {
    return await fs.readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new GoldsmithError('PLATFORM_UNAVAILABLE', `the certificate ${file} cannot be read`, { cause: error });
  }
}

/** Docker keeps a context under the sha256 of its name. */
async function fromContext(name: string, env: Env): Promise<Endpoint> {
  const contexts = path.join(configDir(env), 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const file = path.join(contexts, 'meta', id, 'meta.json');
  let docker: { Host?: string; SkipTLSVerify?: boolean } | undefined;
  try {
    docker = (JSON.parse(await fs.readFile(file, 'utf8')) as { Endpoints?: { docker?: typeof docker } }).Endpoints
      ?.docker;
  } catch (error) {
    throw new GoldsmithError('PLATFORM_UNAVAILABLE', `there is no Docker context \`${name}\`: ${file} cannot be read`, {
      cause: error,
      hint: '`docker context ls` lists what there is; DOCKER_CONTEXT or `docker context use` chooses one',
    });
  }
  if (!docker?.Host)
    throw new GoldsmithError('PLATFORM_UNAVAILABLE', `the Docker context \`${name}\` has no address of an engine`);
  const tlsDir = path.join(contexts, 'tls', id, 'docker');
  const hasTls = await fs.stat(tlsDir).then(
    () => true,
    () => false,
  );
  const tls = hasTls || docker.SkipTLSVerify ? await readTls(tlsDir, !docker.SkipTLSVerify) : undefined;
  return fromUrl(
    docker.Host,
    `context ${name}`,
    docker.Host.startsWith('tcp:') || docker.Host.startsWith('https:') ? tls : undefined,
  );
}

/** Docker Desktop and the rootless engine listen in the user's own folders. */
async function fromDefaults(env: Env, platform: NodeJS.Platform): Promise<Endpoint> {
  if (platform === 'win32') return fromUrl('npipe:////./pipe/docker_engine', 'the default', undefined);
  const home = env['HOME'];
  const runtime = env['XDG_RUNTIME_DIR'];
  const sockets = [
    '/var/run/docker.sock',
    ...(home ? [path.join(home, '.docker/run/docker.sock')] : []),
    ...(runtime ? [path.join(runtime, 'docker.sock')] : []),
  ];
  const tried = sockets.map((socket) => `unix://${socket}`);
  for (const socket of sockets) {
    const there = await fs.stat(socket).then(
      () => true,
      () => false,
    );
    if (there) return { ...(await fromUrl(`unix://${socket}`, 'the default', undefined)), tried };
  }
  return { ...(await fromUrl(tried[0]!, 'the default', undefined)), tried };
}
