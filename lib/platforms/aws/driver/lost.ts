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
