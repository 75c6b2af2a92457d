import type { Api } from '../api/api';
import { isInUse, isNotFound } from '../api/errors';
import { byToken } from './tags';

/** How long a snapshot may count as in use after its image is gone. */
const LET_GO = 120_000;

/** Deregisters an image, and deletes its snapshots; what is gone already is no error. */
export async function removeImage(
  api: Api,
  id: string | undefined,
  token: string | undefined,
  withSnapshots: boolean,
  signal: AbortSignal,
): Promise<void> {
  const filter = id === undefined ? byToken(token ?? '') : { Name: 'image-id', Values: [id] };
  const { Images = [] } = await api.call('ec2:DescribeImages', { Owners: ['self'], Filters: [filter] }, signal);
  const snapshots = new Set<string>();
  for (const { ImageId, BlockDeviceMappings = [], DeregistrationProtection } of Images) {
    for (const { Ebs } of BlockDeviceMappings) if (Ebs?.SnapshotId !== undefined) snapshots.add(Ebs.SnapshotId);
    if (DeregistrationProtection !== undefined && DeregistrationProtection !== 'disabled') {
      await gone(api.call('ec2:DisableImageDeregistrationProtection', { ImageId }, signal));
    }
    await gone(api.call('ec2:DeregisterImage', { ImageId }, signal));
  }
  if (!withSnapshots) return;
  if (token !== undefined) {
    // Snapshots of an image that never came to be, or that lost them from its description.
    const own = await api.call('ec2:DescribeSnapshots', { OwnerIds: ['self'], Filters: [byToken(token)] }, signal);
    for (const { SnapshotId } of own.Snapshots ?? []) snapshots.add(SnapshotId!);
  }
  for (const SnapshotId of snapshots) await removeSnapshot(api, SnapshotId, signal);
}

/** Deletes a snapshot, as soon as no image uses it. */
export async function removeSnapshot(api: Api, SnapshotId: string, signal: AbortSignal): Promise<void> {
  const end = api.clock.now() + LET_GO;
  for (;;) {
    try {
      await gone(api.call('ec2:DeleteSnapshot', { SnapshotId }, signal));
      return;
    } catch (error) {
      if (!isInUse(error) || api.clock.now() > end) throw error;
      await api.clock.sleep(2000, signal);
    }
  }
}

/** What is gone already is as wanted. */
export async function gone(done: Promise<unknown>): Promise<void> {
  await done.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}
