import type { Json } from '../../../plan/json';
import type { Api } from '../api/api';
import { isInUse, isNotFound, reasonOf } from '../api/errors';
import { gone, removeSnapshot } from './remove-image';
import { untilFree } from './volumes';
import { byToken, PUBLISHED, STATE, tagOf } from './tags';

/** How long a volume may be held by an instance that has ended. */
const LET_GO = 300_000;

/** In the locator of an instance: volumes of it may be left when it has ended. */
export const VOLUMES = { volumes: true } as const;

/** Whether volumes of an instance may be left. */
export function hasVolumes(locator: Json): boolean {
  return (locator as { readonly volumes?: boolean } | null)?.volumes === true;
}

/** Deletes a volume, as soon as nothing holds it. */
export async function removeVolume(api: Api, VolumeId: string, signal: AbortSignal): Promise<void> {
  const end = api.clock.now() + LET_GO;
  for (;;) {
    try {
      await gone(api.call('ec2:DeleteVolume', { VolumeId }, signal));
      return;
    } catch (error) {
      const isHeld = isInUse(error) || reasonOf(error) === 'VolumeInUse';
      if (!isHeld || api.clock.now() > end) throw error;
      await api.clock.sleep(2000, signal);
    }
  }
}

/** Takes a volume from its instance; resolves when it belongs to nothing. */
export async function detachVolume(api: Api, locator: Json, signal: AbortSignal): Promise<void> {
  const { volume, instance } = locator as { readonly volume: string; readonly instance: string };
  try {
    await api.call('ec2:DetachVolume', { VolumeId: volume, InstanceId: instance }, signal);
  } catch (error) {
    // Gone, or belonging to nothing: AWS calls that IncorrectState.
    if (isNotFound(error) || reasonOf(error) === 'IncorrectState') return;
    throw error;
  }
  await untilFree(api, volume, {}, signal);
}

/** Deletes the volumes that were made with a token, but for those that became an artifact. */
export async function removeVolumes(api: Api, token: string, signal: AbortSignal): Promise<void> {
  const { Volumes = [] } = await api.call('ec2:DescribeVolumes', { Filters: [byToken(token)] }, signal);
  for (const { VolumeId, Tags } of Volumes) {
    if (tagOf(Tags, STATE) !== PUBLISHED) await removeVolume(api, VolumeId!, signal);
  }
}

/** Deletes a snapshot; without an id those that were made with the token. */
export async function removeSnapshots(
  api: Api,
  id: string | undefined,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  if (id !== undefined) return removeSnapshot(api, id, signal);
  const asked = { OwnerIds: ['self'], Filters: [byToken(token)] };
  const { Snapshots = [] } = await api.call('ec2:DescribeSnapshots', asked, signal);
  for (const { SnapshotId } of Snapshots) await removeSnapshot(api, SnapshotId!, signal);
}

/** Whether a volume is there. */
export async function hasVolume(api: Api, id: string, signal: AbortSignal): Promise<boolean> {
  const Filters = [{ Name: 'volume-id', Values: [id] }];
  const { Volumes = [] } = await api.call('ec2:DescribeVolumes', { Filters }, signal);
  return Volumes.some(({ State }) => State !== 'deleting' && State !== 'deleted' && State !== 'error');
}

/** Whether a snapshot is there. */
export async function hasSnapshot(api: Api, id: string, signal: AbortSignal): Promise<boolean> {
  const Filters = [{ Name: 'snapshot-id', Values: [id] }];
  const asked = { OwnerIds: ['self'], Filters };
  const { Snapshots = [] } = await api.call('ec2:DescribeSnapshots', asked, signal).catch((error: unknown) => {
    if (isNotFound(error)) return { Snapshots: [] };
    throw error;
  });
  return Snapshots.some(({ State }) => State !== 'error');
}
