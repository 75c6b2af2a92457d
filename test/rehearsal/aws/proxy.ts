import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { callOf, type ApiCall } from './call';
import { faultOf, refusal, type Fault, type Faults, type Refusal } from './faults';
import { checkError, checkRequestBody, checkResponse, errorCode } from './model';
import { restProblems } from './model/rest';
import { serviceModel } from './model/service-model';
import { hasSpecs } from './specs';

/** What came through. */
export interface Passed extends ApiCall {
  /** Milliseconds since 1970 at which the request was there. */
  readonly at: number;
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** The code of an answer that says why the call failed. */
  readonly code?: string;
  readonly fault?: Fault;
  /** What the published model does not allow in the request, or in the answer. */
  readonly problems: { readonly request: readonly string[]; readonly response: readonly string[] };
  readonly answer: string;
}

export interface ProxyProps {
  /** The server behind it. */
  readonly target: string;
  /** Milliseconds that a call is on its way. @default none */
  readonly delay?: (call: ApiCall) => number;
  /** @default none */
  readonly faults?: Faults;
  /** What is sent on in place of a body, where the server is not able to take it. What is looked at is the original. @default as it is */
  readonly rewrite?: (call: ApiCall) => string;
  /** Answers a call in place of the server; undefined where the server is to. @default never */
  readonly instead?: (call: ApiCall) => Refusal | undefined;
}

/** A proxy in front of any server of AWS's APIs. */
export interface AwsProxy {
  readonly url: string;
  /** All that came through, in the order in which it came. */
  readonly passed: readonly Passed[];
  /** How often each action was called. */
  counts(): Readonly<Record<string, number>>;
  /** All that the published models do not allow, each once. */
  problems(of: 'request' | 'response'): string[];
  /** Forgets what came through. Faults begin anew. */
  forget(): void;
  stop(): Promise<void>;
}

/** Starts one: it holds each request and answer against the model, counts, delays and spoils. */
export async function startProxy({ target, delay, faults, rewrite, instead }: ProxyProps): Promise<AwsProxy> {
  const passed: Passed[] = [];
  const seen = new Map<string, number>();
  // A connection that a server has just closed would be a failure that nobody asked for.
  const agent = new http.Agent({ keepAlive: false });
  const stopped = new AbortController();
  const server = http.createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    });
  });

  server.keepAliveTimeout = 120_000;

  async function handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const at = Date.now();
    const bytes = await bodyOf(request);
    const call = callOf(request.method ?? '', request.url ?? '/', request.headers, bytes.toString());
    const key = `${call.service}/${call.action}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    const fault = faultOf(faults, call, count);
    await later((delay?.(call) ?? 0) + (fault === 'slow' ? (faults?.slowBy ?? 200) : 0), stopped.signal);
    const refused = fault === 'throttle' || fault === 'serverError' ? refusal(call, fault) : instead?.(call);
    const answer = refused
      ? ({
          status: refused.status,
          headers: { 'content-type': refused.type },
          body: Buffer.from(refused.body),
        } as Answer)
      : await forwarded(target, agent, request, rewrite ? Buffer.from(rewrite(call)) : bytes);
    const body = answer.body.toString();
    const failed = answer.status >= 300;
    const code = failed ? errorCode(body) : undefined;
    passed.push({
      ...call,
      at,
      status: fault === 'lost' ? 0 : answer.status,
      ...(code !== undefined && { code }),
      ...(fault !== undefined && { fault }),
      problems: restOf(call, request, bytes, answer) ?? problemsOf(call, body, failed),
      answer: body,
    });
    if (fault === 'lost') {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    response.end(answer.body);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    counts: () => counted(passed),
    problems: (of) => [...new Set(passed.flatMap(({ problems }) => problems[of]))],
    forget: () => {
      passed.length = 0;
      seen.clear();
    },
    stop: async () => {
      stopped.abort();
      agent.destroy();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** How often each action is among some calls. */
export function counted(calls: readonly ApiCall[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { action } of calls) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

/** Calls that AWS has, and that the models at hand, which are reduced, do not. */
const BEYOND = new Set([
  'iam/GetInstanceProfile',
  'iam/GetRole',
  'iam/ListInstanceProfiles',
  'iam/ListRoles',
  'ec2/DescribeInstanceConnectEndpoints',
]);

function restOf(
  { service }: ApiCall,
  { method = '', url = '/', headers }: http.IncomingMessage,
  body: Buffer,
  answer: Answer,
): Passed['problems'] | undefined {
  return restProblems(service, { method, url, headers, body, answer });
}

/** Services without a published model (KMS) pass unseen. */
function problemsOf({ service, action, body }: ApiCall, answer: string, failed: boolean): Passed['problems'] {
  if (!hasSpecs() || !serviceModel(service) || BEYOND.has(`${service}/${action}`)) return { request: [], response: [] };
  return {
    request: checkRequestBody(service, action, body),
    response: failed ? checkError(service, action, answer) : checkResponse(service, action, answer),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Sends it on as it came: the host is in the signature. */
function forwarded(target: string, agent: http.Agent, from: http.IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { 'transfer-encoding': _whole, ...given } = from.headers;
    const sent = { ...given, connection: 'close', 'content-length': body.length };
    const options = { agent, method: from.method, headers: sent };
    const request = http.request(new URL(from.url ?? '/', target), options, (response) => {
      const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = response.headers;
      bodyOf(response).then((bytes) => resolve({ status: response.statusCode ?? 0, headers, body: bytes }), reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function later(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
