import type { Instance } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';

/** The error of an instance that is gone, with AWS's reason. */
export function lost({ InstanceId, StateReason, StateTransitionReason }: Instance): GoldsmithError {
  const why = StateReason?.Message ?? StateTransitionReason ?? 'AWS gives no reason';
  return new GoldsmithError('MACHINE_LOST', `the instance ${InstanceId} ended: ${why}`);
}

/** Whether an instance ends or has ended. */
export function isOver({ State }: Instance): boolean {
  return State?.Name === 'terminated' || State?.Name === 'shutting-down';
}
