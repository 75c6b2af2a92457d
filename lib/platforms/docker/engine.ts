import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { tryReference } from '../../oci/reference';
import type { Client } from './client';
import { type RegistryAuth } from './client';
import type { ContainerInfo, EngineInfo, EngineVersion, ExecInfo, ImageInfo, PathStat } from './engine-types';
import { answerError } from './errors';
import { SESSION_SHELL } from './names';

/** What a commit makes of a container. */
export interface CommitRequest {
  readonly repo: string;
  readonly tag: string;
  readonly pause: boolean;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly changes?: readonly string[];
  readonly config: object;
}

/** One line of a list. */
type Labelled<T> = T & { readonly Id: string; readonly Labels?: Readonly<Record<string, string>> | null };

/** The calls of the engine's API that goldsmith makes, and nothing else. */
export class Engine {
  /** Names of what it has refused to create: none of them comes out later. */
  readonly refused = new Set<string>();

  constructor(readonly client: Client) {}

  get endpoint() {
    return this.client.endpoint;
  }

  async ping(signal?: AbortSignal): Promise<void> {
    await this.client.json('GET', '/_ping', { ...(signal && { signal }) });
  }

  info(signal?: AbortSignal): Promise<EngineInfo> {
    return this.client.json('GET', '/info', { ...(signal && { signal }) });
  }

  version(signal?: AbortSignal): Promise<EngineVersion> {
    return this.client.json('GET', '/version', { ...(signal && { signal }) });
  }

  async networkExists(name: string): Promise<boolean> {
    return found(this.client.json('GET', `/networks/${encodeURIComponent(name)}`));
  }

  /** Checks credentials; throws when the registry refuses them. */
  async login(auth: RegistryAuth, signal?: AbortSignal): Promise<void> {
    await this.client.json('POST', '/auth', { body: auth, ...(signal && { signal }) });
  }

  // Images

  image(name: string, signal?: AbortSignal): Promise<ImageInfo> {
    return this.client.json('GET', `/images/${name}/json`, { ...(signal && { signal }) });
  }

  /** All with a label that have a name. */
  imagesWith(label: string): Promise<readonly Labelled<{ readonly RepoTags?: readonly string[] | null }>[]> {
    const filters = JSON.stringify({ label: [label] });
    return this.client.json('GET', '/images/json', { query: { filters } });
  }

  async imageExists(name: string): Promise<boolean> {
    return found(this.image(name));
  }

  /** Pulls; the answer streams progress. */
  pull(
    name: string,
    platform: string | undefined,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const reference = tryReference(name);
    const tag = reference?.digest ?? reference?.tag ?? 'latest';
    const query = { fromImage: reference?.name ?? name, tag, platform };
    return this.client.stream('POST', '/images/create', { query, signal, ...(auth && { auth }) });
  }

  /** Pushes one tag. A registry without login needs the header all the same. */
  push(
    repository: string,
    tag: string,
    auth: RegistryAuth | undefined,
    platform: string | undefined,
    signal: AbortSignal,
  ) {
    return this.client.stream('POST', `/images/${repository}/push`, {
      query: { tag, platform },
      auth: auth ?? {},
      signal,
    });
  }

  async tag(image: string, repo: string, tag: string): Promise<void> {
    await this.client.json('POST', `/images/${image}/tag`, { query: { repo, tag } });
  }

  /** Removes a name, or an image. Parents without a name stay: they may be somebody else's. */
  async removeImage(name: string, force: boolean): Promise<readonly { readonly Deleted?: string }[]> {
    return this.client.json('DELETE', `/images/${name}`, { query: { force, noprune: true } });
  }

  /** Images with their names as a tar archive. */
  save(names: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
    return this.client.stream('GET', '/images/get', { query: { names }, signal });
  }

  /** Makes an image of a root file system. */
  importImage(
    upload: Readable,
    query: {
      repo: string;
      tag: string;
      message?: string | undefined;
      platform?: string | undefined;
      changes?: readonly string[];
    },
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    return this.client.stream('POST', '/images/create', {
      query: { fromSrc: '-', ...query },
      upload,
      ...(signal && { signal }),
    });
  }

  build(
    context: Readable,
    query: Readonly<Record<string, string | boolean | undefined>>,
    registries: Readonly<Record<string, RegistryAuth>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return this.client.stream('POST', '/build', { query, upload: context, registries, signal });
  }

  /** Whether a registry has an image under a name or digest. */
  async inRegistry(name: string, auth: RegistryAuth | undefined, signal?: AbortSignal): Promise<boolean> {
    return found(
      this.client.json('GET', `/distribution/${name}/json`, { auth: auth ?? {}, ...(signal && { signal }) }),
    );
  }

  // Containers

  async createContainer(name: string, platform: string | undefined, body: object): Promise<string> {
    const { Id } = await this.client.json<{ Id: string }>('POST', '/containers/create', {
      query: { name, platform },
      body,
    });
    return Id;
  }

  async start(container: string): Promise<void> {
    await this.client.json('POST', `/containers/${container}/start`);
  }

  async kill(container: string): Promise<void> {
    await this.client.json('POST', `/containers/${container}/kill`);
  }

  /** Kills and removes, with its anonymous volumes. */
  async removeContainer(container: string): Promise<void> {
    await this.client.json('DELETE', `/containers/${container}`, { query: { force: true, v: true } });
  }

  container(name: string, signal?: AbortSignal): Promise<ContainerInfo> {
    return this.client.json('GET', `/containers/${name}/json`, { ...(signal && { signal }) });
  }

  /** How many processes run in it, the shell that runs goldsmith's commands not counted. */
  async processes(container: string): Promise<number> {
    const top = await this.client.json<{ Titles?: string[]; Processes?: string[][] | null }>(
      'GET',
      `/containers/${container}/top`,
    );
    const column = top.Titles?.findIndex((title) => title === 'CMD' || title === 'COMMAND') ?? -1;
    return (top.Processes ?? []).filter((row) => row[column] !== SESSION_SHELL.join(' ')).length;
  }

  /** Bytes that a container has beside its image; 0 where it is gone. */
  async sizeOf(container: string): Promise<number> {
    const info = this.client.json<{ readonly SizeRw?: number }>('GET', `/containers/${container}/json`, {
      query: { size: true },
    });
    return (await orUndefined(info))?.SizeRw ?? 0;
  }

  /** All with a label, running or not. */
  containersWith(label: string): Promise<readonly Labelled<{ readonly Names?: readonly string[] | null }>[]> {
    const filters = JSON.stringify({ label: [label] });
    return this.client.json('GET', '/containers/json', { query: { all: true, filters } });
  }

  /** Resolves when its main process has ended. */
  async ended(container: string, signal: AbortSignal): Promise<void> {
    await this.client.json('POST', `/containers/${container}/wait`, { signal });
  }

  /** The last lines that its main process printed. */
  logs(container: string, tail: number): Promise<IncomingMessage> {
    return this.client.stream('GET', `/containers/${container}/logs`, { query: { stdout: true, stderr: true, tail } });
  }

  async commit(container: string, request: CommitRequest): Promise<string> {
    const { config, ...query } = request;
    const { Id } = await this.client.json<{ Id: string }>('POST', '/commit', {
      query: { container, ...query },
      body: config,
    });
    return Id;
  }

  exportContainer(container: string, signal: AbortSignal): Promise<IncomingMessage> {
    return this.client.stream('GET', `/containers/${container}/export`, { signal });
  }

  // Commands in a container

  async createExec(container: string, body: object): Promise<string> {
    const { Id } = await this.client.json<{ Id: string }>('POST', `/containers/${container}/exec`, { body });
    return Id;
  }

  /** Starts it; the connection carries its input and output. */
  startExec(exec: string, tty: boolean): Promise<Duplex> {
    return this.client.hijack(`/exec/${exec}/start`, { body: { Detach: false, Tty: tty } });
  }

  exec(exec: string): Promise<ExecInfo> {
    return this.client.json('GET', `/exec/${exec}/json`);
  }

  // Files in a container

  /** What is at a path; undefined where nothing is. */
  async statPath(container: string, path: string, signal?: AbortSignal): Promise<PathStat | undefined> {
    const request = { query: { path }, ...(signal && { signal }) };
    const answer = await orUndefined(this.client.stream('HEAD', `/containers/${container}/archive`, request));
    if (!answer) return undefined;
    answer.resume();
    const header = answer.headers['x-docker-container-path-stat'];
    if (typeof header !== 'string') throw answerError(undefined, `the engine did not say what is at ${path}`);
    const { size, mode, linkTarget } = JSON.parse(Buffer.from(header, 'base64').toString()) as {
      size: number;
      mode: number;
      linkTarget?: string;
    };
    // Go's os.FileMode: bit 31 is a folder, bits 0 to 8 the permissions.
    return {
      size,
      mode: mode & 0o777,
      isDirectory: Math.floor(mode / 2 ** 31) % 2 === 1,
      linkTarget: linkTarget ?? '',
    };
  }

  getArchive(container: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    return this.client.stream('GET', `/containers/${container}/archive`, { query: { path }, signal });
  }

  async putArchive(container: string, path: string, upload: Readable, signal: AbortSignal): Promise<void> {
    const query = { path, noOverwriteDirNonDir: true };
    await this.client.json('PUT', `/containers/${container}/archive`, { query, upload, signal });
  }

  close(): void {
    this.client.close();
  }
}

async function found(request: Promise<unknown>): Promise<boolean> {
  return (await orUndefined(request.then(() => true))) ?? false;
}

async function orUndefined<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return undefined;
    throw error;
  }
}
