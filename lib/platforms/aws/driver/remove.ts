import type { Filter } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';
import { isInUse, isNotFound } from '../api/errors';
import { removeProfile, removeRole } from './profile';
import { gone, removeImage } from './remove-image';
import {
  detachVolume,
  hasSnapshot,
  hasVolume,
  hasVolumes,
  removeSnapshots,
  removeVolume,
  removeVolumes,
} from './remove-volume';
import { byToken } from './tags';
import { USUALLY } from './waits';

/** How long an instance may take to end, and a group to be let go by it. */
const ENDED = 900_000;
const LET_GO = 300_000;

/** Deletes something that a build made. What is gone already is no error; without an id it is found by its token. */
export async function remove(api: Api, { kind, id, token, locator }: ResourceRecord, ctx: RunContext): Promise<void> {
  const { signal } = ctx;
  switch (kind) {
    case 'amazon-ebs:instance':
      await removeInstance(api, id, token, ctx);
      if (hasVolumes(locator)) await removeVolumes(api, token, signal);
      return;
    case 'amazon-ebs:image':
      return removeImage(api, id, token, true, signal);
    case 'amazon-ebs:snapshot':
      return removeSnapshots(api, id, token, signal);
    case 'amazon-ebs:volume':
      return id === undefined ? removeVolumes(api, token, signal) : removeVolume(api, id, signal);
    case 'amazon-ebs:attachment':
      return detachVolume(api, locator, signal);
    case 'amazon-ebs:key-pair':
      return removeKeyPair(api, id, token, signal);
    case 'amazon-ebs:security-group':
      return removeGroup(api, id, token, signal);
    case 'amazon-ebs:launch-template':
      return removeTemplate(api, id, token, signal);
    case 'amazon-ebs:role':
      return removeRole(api, id ?? `goldsmith-${token}`, signal);
    case 'amazon-ebs:instance-profile':
      return removeProfile(api, id ?? `goldsmith-${token}`, signal);
    default:
      throw new GoldsmithError('INTERNAL', `the amazon-ebs platform knows no resource of kind \`${kind}\``);
  }
}

/** Whether something is there, as it was made. */
export async function exists(api: Api, { kind, id }: ResourceRecord, ctx: RunContext): Promise<boolean> {
  if (id === undefined) return false;
  if (kind === 'amazon-ebs:instance')
    return (await instancesBy(api, { Name: 'instance-id', Values: [id] }, ctx.signal)).length > 0;
  if (kind === 'amazon-ebs:volume') return hasVolume(api, id, ctx.signal);
  if (kind === 'amazon-ebs:snapshot') return hasSnapshot(api, id, ctx.signal);
  if (kind !== 'amazon-ebs:image') return false;
  const Filters = [{ Name: 'image-id', Values: [id] }];
  const { Images = [] } = await api.call('ec2:DescribeImages', { Filters }, ctx.signal);
  return Images.some(({ State }) => State === undefined || State === 'available');
}

async function removeInstance(api: Api, id: string | undefined, token: string, { signal }: RunContext): Promise<void> {
  const ids = id === undefined ? await instancesBy(api, byToken(token), signal) : [id];
  for (const one of ids) {
    const ended = await api.call('ec2:TerminateInstances', { InstanceIds: [one] }, signal).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    const state = ended?.TerminatingInstances?.[0]?.CurrentState?.Name;
    if (ended === undefined || state === 'terminated') continue;
    await api.poller.until({
      kind: 'instance',
      id: one,
      what: `the instance ${one} to end`,
      usually: USUALLY.terminate,
      timeout: ENDED,
      signal,
      done: (instance) => (instance.State?.Name === 'terminated' ? true : undefined),
    });
  }
}

/** Those that have not ended. */
async function instancesBy(api: Api, filter: Filter, signal: AbortSignal): Promise<string[]> {
  const states = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];
  const Filters = [filter, { Name: 'instance-state-name', Values: states }];
  const { Reservations = [] } = await api.call('ec2:DescribeInstances', { Filters }, signal);
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId!));
}

async function removeKeyPair(api: Api, id: string | undefined, token: string, signal: AbortSignal): Promise<void> {
  if (id !== undefined) {
    await gone(api.call('ec2:DeleteKeyPair', { KeyPairId: id }, signal));
    return;
  }
  const { KeyPairs = [] } = await api.call('ec2:DescribeKeyPairs', { Filters: [byToken(token)] }, signal);
  for (const { KeyPairId } of KeyPairs) await gone(api.call('ec2:DeleteKeyPair', { KeyPairId }, signal));
}

async function removeGroup(api: Api, id: string | undefined, token: string, signal: AbortSignal): Promise<void> {
  const ids = id === undefined ? await groupsOf(api, token, signal) : [id];
  const end = api.clock.now() + LET_GO;
  for (const GroupId of ids) {
    for (;;) {
      try {
        await gone(api.call('ec2:DeleteSecurityGroup', { GroupId }, signal));
        break;
      } catch (error) {
        // The network interface of an instance that has ended holds it a little longer.
        if (!isInUse(error) || api.clock.now() > end) throw error;
        await api.clock.sleep(2000, signal);
      }
    }
  }
}

async function removeTemplate(api: Api, id: string | undefined, token: string, signal: AbortSignal): Promise<void> {
  const ids = id === undefined ? await templatesOf(api, token, signal) : [id];
  for (const LaunchTemplateId of ids) await gone(api.call('ec2:DeleteLaunchTemplate', { LaunchTemplateId }, signal));
}

async function templatesOf(api: Api, token: string, signal: AbortSignal): Promise<string[]> {
  const asked = { Filters: [byToken(token)] };
  const { LaunchTemplates = [] } = await api.call('ec2:DescribeLaunchTemplates', asked, signal);
  return LaunchTemplates.map(({ LaunchTemplateId }) => LaunchTemplateId!);
}

async function groupsOf(api: Api, token: string, signal: AbortSignal): Promise<string[]> {
  const { SecurityGroups = [] } = await api.call('ec2:DescribeSecurityGroups', { Filters: [byToken(token)] }, signal);
  return SecurityGroups.map(({ GroupId }) => GroupId!);
}
