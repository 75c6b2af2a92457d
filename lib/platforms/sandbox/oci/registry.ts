import type { IncomingMessage } from 'node:http';
import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { storedCredentials, type Credentials } from '../../../oci/credentials';
import type { ImageReference } from '../../../oci/reference';
import { apiHost, isLoopback } from '../../../oci/registry-host';
import { authorize, challengeOf, LOGIN_HINT } from './auth';
import { makeTransport, textOf, type HttpRequest, type Transport } from './http';

/** How to reach a registry. */
export interface RegistryOptions {
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Takes http, and https with any certificate. On this machine's own addresses that is so anyway. */
  readonly insecure?: boolean | undefined;
}

type Call = Omit<HttpRequest, 'url' | 'signal'> & {
  /** Makes the body anew for each try. */
  readonly makeBody?: () => HttpRequest['body'];
};

const TRIES = 5;
/** What may be over in a moment: too many requests, and the server's own troubles. */
const PASSING = [408, 429, 500, 502, 503, 504];

/** One repository of a registry, by the OCI distribution protocol. */
export class Registry {
  private readonly transports: Transport[] = [];
  private base: Promise<{ readonly url: string; readonly transport: Transport }> | undefined;
  private authorization: string | undefined;
  private credentials: Promise<Credentials | undefined> | undefined;

  constructor(
    readonly reference: ImageReference,
    private readonly actions: 'pull' | 'pull,push',
    private readonly options: RegistryOptions,
    private readonly ctx: RunContext,
  ) {}

  /** Sends a request to `/v2/<repository>/<path>`, or to an address that the registry gave. Logs in when it is asked to. */
  async call(path: string, request: Call = {}, signal: AbortSignal = this.ctx.signal): Promise<IncomingMessage> {
    const { url: base, transport } = await (this.base ??= this.connect());
    const url = /^https?:/.test(path)
      ? path
      : path.startsWith('/')
        ? new URL(path, base).href
        : `${base}/v2/${this.reference.repository}/${path}`;
    const send = (): Promise<IncomingMessage> =>
      transport.send({
        ...request,
        ...bodyOf(request),
        url,
        signal,
        headers: { ...request.headers, ...this.authorizationFor(url, base) },
      });
    const response = await send();
    if (response.statusCode !== 401) return response;
    response.resume();
    await this.logIn(response, transport);
    return send();
  }

  /** The same, tried again while the trouble may pass. Statuses from 400 on that are not in `allowed` are errors. */
  async need(
    what: string,
    path: string,
    request: Call = {},
    allowed: readonly number[] = [],
  ): Promise<IncomingMessage> {
    return this.persistently(what, async () => {
      const response = await this.call(path, request);
      if (response.statusCode! < 400 || allowed.includes(response.statusCode!)) return response;
      throw await this.refusal(what, response);
    });
  }

  /** Tries `act` again, with pauses, while the trouble may pass. */
  async persistently<T>(what: string, act: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await act();
      } catch (error) {
        this.ctx.signal.throwIfAborted();
        if (!mayPass(error) || attempt === TRIES) throw unreachable(error, what, this.reference.registry);
        this.ctx.warn(`${what}: ${messageOf(error)}; trying again (${attempt} of ${TRIES - 1})`);
        await this.ctx.clock.sleep(500 * 2 ** (attempt - 1), this.ctx.signal);
      }
    }
  }

  /** A refusing answer as an error. */
  async refusal(what: string, response: IncomingMessage): Promise<Error> {
    const status = response.statusCode!;
    const text = await textOf(response).catch(() => '');
    const detail = detailOf(text);
    if (PASSING.includes(status)) return new PassingTrouble(`${this.reference.registry} answered ${status}${detail}`);
    if (status === 401 || status === 403) return this.denied(`${what} was denied (status ${status})${detail}`);
    if (status === 404)
      return new GoldsmithError('NOT_FOUND', `${what}: ${this.reference.registry} has no such thing${detail}`, {
        hint: 'look at the name and the tag; a private repository also answers so to who is not logged in',
      });
    return new GoldsmithError('TRANSFER_FAILED', `${what}: ${this.reference.registry} answered ${status}${detail}`);
  }

  /** Ends open connections. */
  close(): void {
    for (const transport of this.transports) transport.close();
  }

  private authorizationFor(url: string, base: string): Record<string, string> {
    const own = new URL(url).origin === new URL(base).origin;
    return own && this.authorization !== undefined ? { authorization: this.authorization } : {};
  }

  private async logIn(response: IncomingMessage, transport: Transport): Promise<void> {
    const challenge = challengeOf(response);
    this.credentials ??= this.options.login
      ? Promise.resolve(this.options.login)
      : storedCredentials(this.reference.registry, this.ctx);
    const credentials = await this.credentials;
    const scope = `repository:${this.reference.repository}:${this.actions}`;
    const next = challenge && (await authorize(challenge, scope, credentials, transport, this.ctx));
    if (next === undefined) throw this.denied(`${this.reference.registry} wants a login, and there is none`);
    if (next === this.authorization)
      throw this.denied(`${this.reference.registry} refused the credentials of \`${credentials?.username ?? ''}\``);
    this.authorization = next;
  }

  private denied(message: string): GoldsmithError {
    return new GoldsmithError('ACCESS_DENIED', message, { hint: LOGIN_HINT });
  }

  /** Which of https and http answers. The first that does is used from then on. */
  private async connect(): Promise<{ url: string; transport: Transport }> {
    const host = apiHost(this.reference.registry);
    const own = isLoopback(this.reference.registry);
    const lax = own || this.options.insecure === true;
    const transport = makeTransport({ checkCertificates: !lax });
    this.transports.push(transport);
    const schemes = own ? ['http', 'https'] : lax ? ['https', 'http'] : ['https'];
    return this.persistently(`connecting to ${this.reference.registry}`, async () => {
      let failure: unknown;
      for (const scheme of schemes) {
        try {
          const response = await transport.send({ url: `${scheme}://${host}/v2/`, signal: this.ctx.signal });
          const text = await textOf(response);
          // A server that speaks TLS answers plain http in this way.
          if (response.statusCode === 400 && /https/i.test(text)) continue;
          return { url: `${scheme}://${host}`, transport };
        } catch (error) {
          this.ctx.signal.throwIfAborted();
          failure ??= error;
        }
      }
      throw failure ?? new Error(`${host} does not speak the registry protocol`);
    });
  }
}

/** Trouble that may be over in a moment. */
export class PassingTrouble extends Error {}

function mayPass(error: unknown): boolean {
  if (error instanceof PassingTrouble) return true;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED'].includes(
    code ?? '',
  );
}

function unreachable(error: unknown, what: string, registry: string): unknown {
  if (GoldsmithError.is(error) || (error as Error).name === 'AbortError') return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EROFS') return error;
  const hint =
    code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? `the name ${registry} does not resolve: look for a typo, and at the network`
      : `is ${registry} up, and does this machine reach it?`;
  return new GoldsmithError('CONNECT_FAILED', `${what} failed: ${messageOf(error) || String(code)}`, {
    hint,
    cause: error,
  });
}

function bodyOf({ makeBody }: Call): Pick<HttpRequest, 'body'> {
  const body = makeBody?.();
  return body === undefined ? {} : { body };
}

/** `{"errors":[{"code":…,"message":…}]}`, as distribution's specification has it. */
function detailOf(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    const first = errors?.[0];
    return first ? `: ${[first.code, first.message].filter(Boolean).join(' ')}` : '';
  } catch {
    return '';
  }
}
