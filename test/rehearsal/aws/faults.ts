import { chance } from '../../helpers/seeded';
import type { ApiCall } from './call';
import { PROTOCOLS } from './protocols';

/** How calls go wrong on their way: each a share of them, from 0 to 1. */
export interface Faults {
  /** The same seed, the same faults: the n-th call of an action fares alike in each run. */
  readonly seed: number;
  /** Refused, for there were too many. */
  readonly throttle?: number;
  /** The server failed, and did nothing. */
  readonly serverError?: number;
  /** The call worked, and the answer never came. */
  readonly lost?: number;
  /** The answer comes late, by `slowBy`. */
  readonly slow?: number;
  /** Milliseconds. @default 200 */
  readonly slowBy?: number;
  /** Which calls they happen to. @default all */
  readonly only?: (call: ApiCall) => boolean;
}

export const FAULTS = ['throttle', 'serverError', 'lost', 'slow'] as const;
export type Fault = (typeof FAULTS)[number];

/** What happens to the n-th call of an action. */
export function faultOf(faults: Faults | undefined, call: ApiCall, count: number): Fault | undefined {
  if (!faults || faults.only?.(call) === false) return undefined;
  let left = chance(`${faults.seed}/${call.service}/${call.action}/${count}`);
  return FAULTS.find((fault) => (left -= faults[fault] ?? 0) < 0);
}

/** An answer that the proxy itself gives. */
export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Codes of https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html and the services' common errors. */
const CODES = {
  ec2: { throttle: [503, 'RequestLimitExceeded'], serverError: [500, 'InternalError'] },
  query: { throttle: [400, 'Throttling'], serverError: [500, 'InternalFailure'] },
  json: { throttle: [400, 'ThrottlingException'], serverError: [500, 'InternalServerError'] },
} as const;

/** What a service says when it refuses or fails. */
export function refusal(call: ApiCall, fault: 'throttle' | 'serverError'): Refusal {
  const [status, code] = CODES[protocolOf(call)][fault];
  return errorOf(
    call,
    status,
    code,
    fault === 'throttle' ? 'Request limit exceeded.' : 'An internal error has occurred',
  );
}

/** An error as the service that is called says it. */
export function errorOf(call: ApiCall, status: number, code: string, message: string): Refusal {
  const protocol = protocolOf(call);
  if (protocol === 'json') {
    return { status, type: 'application/x-amz-json-1.1', body: JSON.stringify({ __type: code, message }) };
  }
  const error = `<Code>${code}</Code><Message>${message}</Message>`;
  const body =
    protocol === 'ec2'
      ? `<Response><Errors><Error>${error}</Error></Errors><RequestID>fault</RequestID></Response>`
      : `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>fault</RequestId></ErrorResponse>`;
  return { status, type: 'text/xml', body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}

function protocolOf({ service }: ApiCall) {
  return PROTOCOLS[service]?.protocol ?? 'json';
}
