import type { ResourceRecord } from '../../../extension/artifact';
import type { Api } from '../api/api';
import { isNotFound } from '../api/errors';
import type { Births } from './births';
import { byToken } from './tags';

/**
 * Waits until what this process made just now is seen, or would be: AWS answers to the deletion of what it does not know everywhere yet that
 * there is no such thing, and shows it afterwards.
 */
export async function untilSeen(
  api: Api,
  { kind, token }: ResourceRecord,
  births: Births,
  signal: AbortSignal,
): Promise<void> {
  while (births.isYoung(token) && !(await isSeen(api, kind, token, signal))) await api.clock.sleep(1000, signal);
}

async function isSeen(api: Api, kind: string, token: string, signal: AbortSignal): Promise<boolean> {
  const Filters = [byToken(token)];
  switch (kind) {
    case 'amazon-ebs:instance': {
      const { Reservations = [] } = await api.call('ec2:DescribeInstances', { Filters }, signal);
      return Reservations.length > 0;
    }
    case 'amazon-ebs:image': {
      const asked = { Owners: ['self'], Filters };
      const { Images = [] } = await api.call('ec2:DescribeImages', asked, signal);
      const named = Images.flatMap(({ BlockDeviceMappings = [] }) =>
        BlockDeviceMappings.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
      );
      const own = { OwnerIds: ['self'], Filters };
      const { Snapshots = [] } = await api.call('ec2:DescribeSnapshots', own, signal);
      const seen = new Set(Snapshots.map(({ SnapshotId }) => SnapshotId));
      return Images.length > 0 && named.length > 0 && named.every((id) => seen.has(id));
    }
    case 'amazon-ebs:snapshot': {
      const own = { OwnerIds: ['self'], Filters };
      return ((await api.call('ec2:DescribeSnapshots', own, signal)).Snapshots ?? []).length > 0;
    }
    case 'amazon-ebs:volume':
      return ((await api.call('ec2:DescribeVolumes', { Filters }, signal)).Volumes ?? []).length > 0;
    case 'amazon-ebs:key-pair':
      return ((await api.call('ec2:DescribeKeyPairs', { Filters }, signal)).KeyPairs ?? []).length > 0;
    case 'amazon-ebs:security-group':
      return ((await api.call('ec2:DescribeSecurityGroups', { Filters }, signal)).SecurityGroups ?? []).length > 0;
    case 'amazon-ebs:launch-template':
      return ((await api.call('ec2:DescribeLaunchTemplates', { Filters }, signal)).LaunchTemplates ?? []).length > 0;
    case 'amazon-ebs:role':
      return isThere(api.call('iam:GetRole', { RoleName: `goldsmith-${token}` }, signal));
    case 'amazon-ebs:instance-profile':
      return isThere(api.call('iam:GetInstanceProfile', { InstanceProfileName: `goldsmith-${token}` }, signal));
    default:
      // What has no tags of its own, such as an attachment, goes with what has.
      return true;
  }
}

async function isThere(asked: Promise<unknown>): Promise<boolean> {
  return asked.then(
    () => true,
    // Who may not ask does not wait either.
    (error: unknown) => !isNotFound(error),
  );
}
