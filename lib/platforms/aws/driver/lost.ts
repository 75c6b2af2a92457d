import type { Instance } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';

/** The error of an instance that is gone, with AWS's reason. */
export function lost({ InstanceId, StateReason, StateTransitionReason }: Instance): GoldsmithError {
  const why = StateReason?.Message ?? StateTransitionReason ?? 'AWS gives no reason';
  const isSpot = /Spot/.test(StateReason?.Code ?? why);
  return new GoldsmithError('MACHINE_LOST', `the instance ${InstanceId} ended: ${why}`, {
    hint: isSpot ? 'AWS took the spot instance back: build again, or leave `spotInstanceTypes` out' : undefined,
  });
}

/** Whether an instance ends or has ended. */
export function isOver({ State }: Instance): boolean {
  return State?.Name === 'terminated' || State?.Name === 'shutting-down';
}

/** Says that the instance is gone, where that is why something else failed. */
export async function throwIfLost(api: Api, id: string, { signal }: RunContext): Promise<void> {
  const asked = { Filters: [{ Name: 'instance-id', Values: [id] }] };
  const found = await api.call('ec2:DescribeInstances', asked, signal).catch(() => undefined);
  const instance = found?.Reservations?.[0]?.Instances?.[0];
  if (instance && isOver(instance)) throw lost(instance);
}

/** How often a spot instance is looked at while it is connected to, and for how long at most, in milliseconds. */
const GLANCE = 15_000;
const WATCHED = 3_600_000;

/**
 * Does something that waits for an instance to answer. One that AWS takes back will not: a spot instance is watched meanwhile, any other
 * is looked at when it did not answer.
 */
export async function whileAlive<C extends RunContext, T>(
  api: Api,
  { id, spot }: { readonly id: string; readonly spot: boolean },
  ctx: C,
  work: (ctx: C) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const connected = new AbortController();
  const signal = AbortSignal.any([ctx.signal, connected.signal]);
  const done = (instance: Instance): undefined => {
    if (isOver(instance)) over.abort(lost(instance));
  };
  const watch = {
    kind: 'instance',
    id,
    what: `the instance ${id}`,
    timeout: WATCHED,
    pause: GLANCE,
    signal,
    done,
  } as const;
  // What goes wrong with looking is no reason to give up.
  if (spot) void api.poller.until(watch).catch(() => undefined);
  try {
    return await work({ ...ctx, signal: AbortSignal.any([ctx.signal, over.signal]) });
  } catch (error) {
    ctx.signal.throwIfAborted();
    over.signal.throwIfAborted();
    await throwIfLost(api, id, ctx);
    throw error;
  } finally {
    connected.abort(new Error('it is not watched any more'));
  }
}
