import { GoldsmithError } from '../../../errors';
import type { Clock } from '../../../extension/context';
import { placeOf, type Access, type Place } from './access';
import { Bucket, EC2_RATES } from './bucket';
import type { CallName, Input, Output } from './calls';
import { openSdk, type Sdk } from './client';
import { awsError, isDoubtful, isNotFound, isRetryable, isThrottled } from './errors';
import { Poller } from './poller';

/** How often a call is made in all, and how long is waited in between, in milliseconds: Packer's. */
const TRIES = 11;
const FIRST_WAIT = 200;
const LONGEST_WAIT = 30_000;
/** How long AWS may take until what was created is seen everywhere. */
const CONSISTENT = 120_000;

/** One account and region, as all builds of a run share it: one bucket of calls, one poller. */
export class Api {
  readonly region: string;
  readonly place: Place;
  readonly poller: Poller;
  private readonly buckets: { readonly read: Bucket; readonly write: Bucket };
  private decodes = false;

  constructor(
    private readonly access: Access,
    readonly clock: Clock,
    private readonly sdk: Sdk = openSdk(access),
  ) {
    this.region = access.region;
    this.place = placeOf(access);
    this.buckets = { read: new Bucket(clock, EC2_RATES.read), write: new Bucket(clock, EC2_RATES.write) };
    this.poller = new Poller(this, clock);
  }

  /** From now on says what a refused call lacked, which needs a permission of its own. */
  decodeRefusals(): void {
    this.decodes = true;
  }

  /**
   * Makes a call, again where that may help. Without a signal it cannot be interrupted: for what creates.
   *
   * @throws AwsError
   */
  async call<K extends CallName>(name: K, input: Input<K>, signal?: AbortSignal): Promise<Output<K>> {
    const bucket = /:(Describe|Get|List)/.test(name) ? this.buckets.read : this.buckets.write;
    const tries = (this.access.maxRetries ?? TRIES - 1) + 1;
    let doubtful = false;
    for (let turn = 1, wait = FIRST_WAIT; ; turn += 1, wait = Math.min(wait * 2, LONGEST_WAIT)) {
      if (name.startsWith('ec2:')) await bucket.take(signal);
      try {
        const answer = await this.sdk.send(name, input, signal);
        bucket.went();
        return answer;
      } catch (error) {
        signal?.throwIfAborted();
        if (GoldsmithError.is(error)) throw error;
        if (isThrottled(error)) bucket.slow();
        doubtful ||= isDoubtful(error);
        if (turn >= tries || !isRetryable(error)) throw Object.assign(await this.explain(name, error), { doubtful });
        await this.clock.sleep(wait / 2 + (Math.random() * wait) / 2, signal);
      }
    }
  }

  /** Makes a call that names something which was created just now: AWS may not know it everywhere yet. */
  async soon<K extends CallName>(name: K, input: Input<K>, signal?: AbortSignal): Promise<Output<K>> {
    const end = this.clock.now() + CONSISTENT;
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, 5_000)) {
      try {
        return await this.call(name, input, signal);
      } catch (error) {
        if (!isNotFound(error) || this.clock.now() > end) throw error;
        await this.clock.sleep(wait, signal);
      }
    }
  }

  close(): void {
    this.sdk.close();
  }

  private async explain(name: CallName, error: unknown): Promise<GoldsmithError> {
    const where = this.access.endpoints[name.split(':')[0] as 'ec2'] ?? `AWS in ${this.region}`;
    const found = awsError(name, error, where);
    const encoded = /Encoded authorization failure message: (\S+)/.exec(found.message)?.[1];
    if (!this.decodes || encoded === undefined || name.startsWith('sts:')) return found;
    const decoded = await this.sdk
      .send('sts:DecodeAuthorizationMessage', { EncodedMessage: encoded })
      .then(({ DecodedMessage }) => DecodedMessage)
      .catch(() => undefined);
    if (decoded === undefined) return found;
    const message = found.message.replace(/\s*Encoded authorization failure message: \S+/, '');
    return new GoldsmithError(found.code, message, { hint: found.hint, output: decoded, cause: found });
  }
}
