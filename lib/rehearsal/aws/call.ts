import { AwsError } from './errors';
import type { Params } from './protocol/params';
import type { Answer } from './protocol/xml';
import type { Caller } from './table';
import type { World } from './world';

/** A call as its handler sees it. */
export interface Call extends Caller {
  readonly action: string;
  readonly params: Params;
  readonly world: World;
  readonly now: number;
  readonly accessKey: string;
  /** Where the server was called, such as `127.0.0.1:41234`. */
  readonly at: string;
}

/** What a call answers, by names on the wire. */
export type Body = { readonly [name: string]: Answer };

/** Does what a call asks for. */
export type Handler = (call: Call) => Body | Promise<Body>;

/** A call that the server knows. */
export interface Action {
  /** Parameters that it may have, at the top. */
  readonly names: ReadonlySet<string>;
  readonly handle: Handler;
  /** Whether it looks at `DryRun` itself, after it has checked more than the parameters' names. */
  readonly checksFirst: boolean;
}

/** An action by the names of its parameters. */
export function action(names: string, handle: Handler, options: { readonly checksFirst?: boolean } = {}): Action {
  const all = `DryRun Action Version ${names}`.split(/\s+/).filter(Boolean);
  return { names: new Set(all), handle, checksFirst: options.checksFirst ?? false };
}

/** Carries a call out: what it may not have, and a dry run, end it before anything is done. */
export async function perform({ names, handle, checksFirst }: Action, call: Call): Promise<Body> {
  for (const name of call.params.names()) {
    if (!names.has(name)) throw new AwsError('UnknownParameter', `The parameter ${name} is not recognized`);
  }
  if (!checksFirst) endDryRun(call);
  return handle(call);
}

/** Ends a call that is only a question whether it would be allowed. */
export function endDryRun({ params }: Call): void {
  if (params.flag('DryRun') !== true) return;
  throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
}

/**
 * Does something once for a client token: the same request again gets the same answer, another one with the same token is refused.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
 */
export async function once(call: Call, make: () => Promise<Body>): Promise<Body> {
  const token = call.params.text('ClientToken');
  if (token === undefined) return make();
  const key = [call.action, call.account, call.region, token].join(' ');
  const print = call.params.print();
  const before = call.world.tokens.get(key);
  if (before && before.print !== print) {
    throw new AwsError(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    );
  }
  if (before) return before.answer as Promise<Body>;
  const answer = make();
  call.world.tokens.set(key, { print, answer });
  // A request that failed has made nothing: its token is free again.
  answer.catch(() => call.world.tokens.delete(key));
  return answer;
}
