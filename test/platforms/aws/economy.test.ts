import { Bucket } from '../../../lib/platforms/aws/api/bucket';
import type { CallName } from '../../../lib/platforms/aws/api/calls';
import { Api } from '../../../lib/platforms/aws/api/api';
import type { Sdk } from '../../../lib/platforms/aws/api/client';
import { virtualClock } from '../../../lib/testing';

const clock = virtualClock();
const access = { region: 'eu-west-1', endpoints: {}, env: {} };

/** An SDK that answers by a function and notes what it was asked. */
function fake(answer: (call: CallName, turn: number, input: unknown) => unknown): { sdk: Sdk; calls: CallName[] } {
  const calls: CallName[] = [];
  const send = (call: CallName, input: unknown): Promise<never> => {
    calls.push(call);
    const given = answer(call, calls.length, input);
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given as never);
  };
  return { calls, sdk: { send, close: () => undefined } };
}

function awsFailure(name: string, status = 503): Error {
  return Object.assign(new Error(`${name}.`), { name, $metadata: { httpStatusCode: status } });
}

test('a bucket lets through what it holds, then as many a second as it refills', async () => {
  const bucket = new Bucket(clock, { size: 3, perSecond: 2 });
  const from = clock.now();
  await clock.drive(Promise.all([1, 2, 3, 4, 5].map(() => bucket.take())));
  expect(clock.now() - from).toBe(1000);
});

test('"too much" stops everybody for a while, counts once for calls that were on their way together, and slows down', async () => {
  const bucket = new Bucket(clock, { size: 10, perSecond: 10 });
  const from = clock.now();
  for (let count = 0; count < 5; count += 1) bucket.slow();
  await clock.drive(bucket.take());
  const pause = clock.now() - from;
  expect(pause).toBeGreaterThanOrEqual(500);
  expect(pause).toBeLessThan(3000);
  bucket.slow();
  const again = clock.now();
  await clock.drive(bucket.take());
  expect(clock.now() - again).toBeGreaterThanOrEqual(1000);
});

test('a wait for a call ends when the run is cancelled, and those behind it go on', async () => {
  const bucket = new Bucket(clock, { size: 1, perSecond: 1 });
  await bucket.take();
  const stop = new AbortController();
  const first = bucket.take(stop.signal);
  const second = bucket.take();
  stop.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  await clock.drive(second);
});

test('a call that is throttled or fails on the other side is made again; another failure is not', async () => {
  const { sdk, calls } = fake((_call, turn) => (turn < 4 ? awsFailure('RequestLimitExceeded') : { Images: [] }));
  await clock.drive(new Api(access, clock, sdk).call('ec2:DescribeImages', {}));
  expect(calls).toHaveLength(4);
  const other = fake(() => awsFailure('InvalidParameterValue', 400));
  await expect(new Api(access, clock, other.sdk).call('ec2:DescribeImages', {})).rejects.toThrow(
    'DescribeImages failed (InvalidParameterValue): InvalidParameterValue',
  );
  expect(other.calls).toHaveLength(1);
});

test('maxRetries says how often', async () => {
  const { sdk, calls } = fake(() => awsFailure('InternalError', 500));
  const api = new Api({ ...access, maxRetries: 2 }, clock, sdk);
  await expect(clock.drive(api.call('ec2:DescribeImages', {}))).rejects.toMatchObject({ reason: 'InternalError' });
  expect(calls).toHaveLength(3);
});

test('refused credentials say so, and what to look at', async () => {
  const { sdk } = fake(() => awsFailure('UnauthorizedOperation', 403));
  await expect(
    new Api(access, clock, sdk).call('ec2:RunInstances', { MinCount: 1, MaxCount: 1 }),
  ).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
    hint: expect.stringContaining('get-caller-identity') as string,
  });
});

describe('the poller', () => {
  const instances = (ids: readonly string[], state: string, reason?: string): object => ({
    Reservations: ids.map((InstanceId) => ({
      Instances: [
        { InstanceId, State: { Name: state }, ...(reason !== undefined && { StateReason: { Message: reason } }) },
      ],
    })),
  });

  function wait(api: Api, id: string, signal = new AbortController().signal): Promise<string> {
    return api.poller.until({
      kind: 'instance',
      id,
      what: `the instance ${id} to run`,
      usually: 10_000,
      timeout: 60_000,
      signal,
      done: ({ State, StateReason }) => {
        if (State?.Name === 'terminated') throw new Error(StateReason?.Message);
        return State?.Name === 'running' ? id : undefined;
      },
    });
  }

  test('asks once for all that wait: fifty builds cost the calls of one', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `i-${index}`);
    const { sdk, calls } = fake((_call, turn) => instances(ids, turn < 5 ? 'pending' : 'running'));
    const api = new Api(access, clock, sdk);
    await expect(clock.drive(Promise.all(ids.map((id) => wait(api, id))))).resolves.toEqual(ids);
    expect(calls).toHaveLength(5);
  });

  test('nobody looks before it is usually ready, and what takes longer is looked at ever less often', async () => {
    const from = clock.now();
    const looks: number[] = [];
    const { sdk } = fake(() => {
      looks.push(clock.now() - from);
      return instances(['i-1'], looks.at(-1)! < 40_000 ? 'pending' : 'running');
    });
    await clock.drive(wait(new Api(access, clock, sdk), 'i-1'));
    expect(looks.map((ms) => Math.round(ms / 1000))).toEqual([10, 13, 16, 20, 24, 31, 38, 48]);
  });

  test('where a rehearsal is faster than life, so are the looks', async () => {
    const from = clock.now();
    const { sdk, calls } = fake((_call, turn) => instances(['i-1'], turn < 3 ? 'pending' : 'running'));
    const env = { GOLDSMITH_REHEARSAL_SPEED: '100' };
    await clock.drive(wait(new Api({ ...access, env }, clock, sdk), 'i-1'));
    expect(calls).toHaveLength(3);
    expect(clock.now() - from).toBe(157);
  });

  test('what is not seen yet is waited for, and the wait is bounded and says how it was', async () => {
    const { sdk } = fake((_call, turn) => (turn < 3 ? { Reservations: [] } : instances(['i-1'], 'pending')));
    await expect(clock.drive(wait(new Api(access, clock, sdk), 'i-1'))).rejects.toThrow(
      'waited 60 s for the instance i-1 to run; it is `pending`',
    );
  });

  test('ends with the reason that AWS gives', async () => {
    const { sdk } = fake(() => instances(['i-1'], 'terminated', 'Client.VolumeLimitExceeded'));
    await expect(clock.drive(wait(new Api(access, clock, sdk), 'i-1'))).rejects.toThrow('Client.VolumeLimitExceeded');
  });

  test('one that is cancelled lets the others wait on', async () => {
    const { sdk } = fake((_call, turn) => instances(['i-1', 'i-2'], turn < 3 ? 'pending' : 'running'));
    const api = new Api(access, clock, sdk);
    const stop = new AbortController();
    const first = wait(api, 'i-1', stop.signal);
    const second = wait(api, 'i-2');
    stop.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await expect(clock.drive(second)).resolves.toBe('i-2');
  });

  test('a call that is refused ends all waits', async () => {
    const { sdk } = fake(() => awsFailure('UnauthorizedOperation', 403));
    await expect(clock.drive(wait(new Api(access, clock, sdk), 'i-1'))).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
  });
});
