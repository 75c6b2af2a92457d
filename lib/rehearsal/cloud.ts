import type { IncomingHttpHeaders } from 'node:http';

/** A request as it came. */
export interface CloudRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Where it came to, such as `127.0.0.1:41234`. */
  readonly at: string;
}

/** What is answered. */
export interface CloudResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** The connection is broken off instead: what was asked for is done, and nobody hears of it. */
  readonly lost?: boolean;
}

/** A cloud that is embedded: it speaks the real one's API, and its machines really run. */
export interface Cloud {
  /** Such as `aws`. */
  readonly name: string;
  /** Answers a call. */
  handle(request: CloudRequest): Promise<CloudResponse>;
  /** Environment that points clients at it. */
  environment(endpoint: string): Readonly<Record<string, string>>;
  /** Resolves when nothing goes on any more: no machine starts or ends. */
  settle(): Promise<void>;
  /** Ends its machines. */
  close(): Promise<void>;
}
