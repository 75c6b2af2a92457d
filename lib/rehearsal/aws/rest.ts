import type { IncomingHttpHeaders } from 'node:http';
import type { CloudResponse } from '../cloud';
import type { Caller } from './table';
import type { World } from './world';

/** A call of a service that is asked by method and path. */
export interface RestCall extends Caller {
  readonly world: World;
  readonly now: number;
  readonly method: string;
  /** The parts of the path, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What is answered, but for what every answer has. */
export type RestAnswer = Pick<CloudResponse, 'status' | 'body'> & { readonly headers?: CloudResponse['headers'] };

/** A service that is asked by method and path. */
export interface RestService {
  /** Name of a call, as the service's model has it; empty where there is none such. */
  nameOf(method: string, path: readonly string[], query: URLSearchParams, headers: IncomingHttpHeaders): string;
  /** Does what is asked for. */
  handle(name: string, call: RestCall): Promise<RestAnswer>;
  /** An answer that says no. */
  refuse(
    error: { readonly code: string; readonly message: string; readonly status: number },
    requestId: string,
  ): RestAnswer;
  /** Parts of the path, which may begin in the name of the host. */
  pathOf?(pathname: string, host: string): readonly string[];
}

/** A header that a client sent. */
export function header({ headers }: Pick<RestCall, 'headers'>, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(',') : value;
}

/** The parts of a path. */
export function partsOf(pathname: string): readonly string[] {
  return pathname.split('/').slice(1).map(decodeURIComponent);
}
