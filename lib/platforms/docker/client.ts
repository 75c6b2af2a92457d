import type { Agent, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { messageOf } from '../../errors';
import type { Json } from '../../plan/json';
import type { Endpoint } from './endpoint';
import { answerError, isNetworkError, unreachable } from './errors';

/** Credentials for a registry, as the engine takes them. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress?: string;
}

/** A request to the engine's API (https://docs.docker.com/reference/api/engine/). */
export interface EngineRequest {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** JSON, where there is no `upload`. */
  readonly body?: object;
  /** Bytes that the engine reads, usually a tar archive. */
  readonly upload?: Readable | Buffer;
  readonly auth?: RegistryAuth;
  /** Credentials by registry, for a build. */
  readonly registries?: Readonly<Record<string, RegistryAuth>>;
  readonly signal?: AbortSignal;
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** What is used of dockerode's transport. */
interface Modem {
  dial(options: object, callback: (error: ModemError | null, answer: unknown) => void): void;
}

interface ModemError extends Error {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
}

const SUCCESS = { 101: true, 200: true, 201: true, 204: true, 304: true };

/** Requests to one engine, over connections that are kept open. */
export class Client {
  private readonly agent: Agent;
  private readonly modem: Modem;

  constructor(readonly endpoint: Endpoint) {
    this.agent = makeAgent(endpoint);
    this.modem = makeModem(endpoint, this.agent);
  }

  /** A request that is answered with JSON (or with nothing). */
  async json<T extends Json | object | undefined>(
    method: Method,
    path: string,
    request: EngineRequest = {},
  ): Promise<T> {
    try {
      return (await this.dial(method, path, request, {})) as T;
    } catch (error) {
      // The engine closed a connection that was kept open, just as it was used again: nothing was asked yet.
      if (method !== 'GET' || (error as { cause?: NodeJS.ErrnoException }).cause?.code !== 'ECONNRESET') throw error;
      return (await this.dial(method, path, request, {})) as T;
    }
  }

  /** A request that is answered with a stream. Aborting the signal ends the stream too. */
  async stream(method: Method, path: string, request: EngineRequest = {}): Promise<IncomingMessage> {
    return (await this.dial(method, path, request, { isStream: true })) as IncomingMessage;
  }

  /** A request that turns its connection into a plain one, both ways. */
  async hijack(path: string, request: EngineRequest): Promise<Duplex> {
    return (await this.dial('POST', path, request, { isStream: true, hijack: true })) as Duplex;
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.agent.destroy();
  }

  private dial(method: Method, path: string, request: EngineRequest, how: object): Promise<unknown> {
    const { query, body, upload, auth, registries, signal } = request;
    signal?.throwIfAborted();
    const given = Object.fromEntries(Object.entries(query ?? {}).filter(([, value]) => value !== undefined));
    const options = {
      // The modem cuts a question mark off again where no query follows.
      path: `${path}?`,
      method,
      statusCodes: SUCCESS,
      options: { _query: given, _body: body ?? {} },
      ...(upload && { file: upload }),
      ...(auth && { authconfig: auth }),
      ...(registries && { registryconfig: registries }),
      ...(signal && { abortSignal: signal }),
      ...how,
    };
    return new Promise((resolve, reject) => {
      this.modem.dial(options, (error, answer) => {
        if (error) reject(this.explain(error, signal));
        else resolve(answer);
      });
    });
  }

  private explain(error: ModemError, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (error.statusCode === undefined) return isNetworkError(error) ? unreachable(this.endpoint, error) : error;
    // The modem wraps the engine's message as "(HTTP code 404) unexpected - No such container: x ".
    const message = error.json?.message ?? error.message.replace(/^\(HTTP code \d+\) [^-]*- /, '');
    return answerError(error.statusCode, message);
  }
}

function makeAgent(endpoint: Endpoint): Agent {
  const options = { keepAlive: true };
  if (endpoint.protocol !== 'https') {
    const { Agent } = require('node:http') as typeof import('node:http');
    return new Agent(options);
  }
  const { Agent } = require('node:https') as typeof import('node:https');
  const { ca, cert, key, verify = true } = endpoint.tls ?? {};
  return new Agent({
    ...options,
    rejectUnauthorized: verify,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  });
}

/**
 * dockerode's own transport. Its front door is not used, because it loads gRPC for BuildKit sessions, which costs 80 ms
 * of every build and is never needed here.
 */
function makeModem(endpoint: Endpoint, agent: Agent): Modem {
  const { createRequire } = require('node:module') as typeof import('node:module');
  const DockerModem = createRequire(require.resolve('dockerode'))('docker-modem') as new (options: object) => Modem;
  const { socketPath, host, port, username, protocol, apiVersion } = endpoint;
  // Everything is given: what is left out the modem would read from the environment of the process.
  const common = { socketPath, host, port, username, protocol, version: apiVersion, pathPrefix: '/' };
  try {
    return new DockerModem(protocol === 'ssh' ? common : { ...common, agent });
  } catch (error) {
    // It reads the certificates that the environment names, also where they are not used.
    throw unreachable(endpoint, new Error(`DOCKER_CERT_PATH cannot be read (${messageOf(error)})`));
  }
}
