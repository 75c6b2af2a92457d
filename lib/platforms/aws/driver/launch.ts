import type { Instance } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { Communicator } from '../../../extension/communicator';
import type { ResourceContext } from '../../../extension/context';
import type { LaunchFrom, Machine } from '../../../extension/platform';
import type { Json } from '../../../plan/json';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { failed, isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { describeBase, imageIdOf } from './base';
import { runInstance } from './instance';
import { makeKeys, type MachineKeys } from './keys';
import { prepareNetwork } from './network';
import { profileFor } from './profile';
import { ownTags, specify } from './tags';
import { whoseName } from './whose-name';

/** What the verbs hand to each other of a running instance. Its keys stay with the driver. */
export interface MachineData {
  readonly id: string;
  readonly image: string;
  readonly windows: boolean;
  readonly spot: boolean;
  /** Whether the image it started from has it already. */
  readonly imds: boolean;
}

/** A machine with what only this process knows. */
export interface Launched {
  readonly machine: Machine;
  readonly keys: MachineKeys;
  /** As it was when it began to run. */
  readonly instance: Instance;
  communicator?: Communicator;
}

/** Starts the instance, with a key pair and a security group of its own where none are given. */
export async function launch(
  api: Api,
  config: AmazonEbsConfig,
  from: LaunchFrom,
  ctx: ResourceContext,
): Promise<Launched> {
  try {
    const image = await describeBase(api, imageIdOf(from, api.region));
    if (image.RootDeviceType === 'instance-store') throw notEbs(image.ImageId!);
    const windows = image.Platform?.toLowerCase() === 'windows';
    const keys = makeKeys(config, windows, ctx);
    const keyName = config.sshKeypairName ?? (keys.user && (await importKey(api, config, keys.user.publicKey, ctx)));
    const network = await prepareNetwork(api, config, ctx);
    const profile = await profileFor(api, config, ctx);
    const wanted = { image, network, keys, keyName, profile };
    const { resource, spot, instance } = await runInstance(api, config, wanted, ctx);
    const data: MachineData = {
      id: resource.id!,
      image: image.ImageId!,
      windows,
      spot,
      imds: image.ImdsSupport === 'v2.0',
    };
    return { machine: { resource, data: data as unknown as Json }, keys, instance };
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw failed('LAUNCH_FAILED', 'the instance could not be started', error);
  }
}

/** What {@link launch} says of a machine. */
export function dataOf(machine: Machine): MachineData {
  return machine.data as unknown as MachineData;
}

async function importKey(api: Api, config: AmazonEbsConfig, publicKey: string, ctx: ResourceContext): Promise<string> {
  const nameOf = (token: string): string => config.temporaryKeyPairName ?? `goldsmith-${token}`;
  let name = '';
  await ctx.acquire('amazon-ebs:key-pair', asLocator(api.place), async (token) => {
    name = nameOf(token);
    const request = {
      KeyName: name,
      PublicKeyMaterial: Buffer.from(publicKey),
      TagSpecifications: specify(ownTags(ctx, token, config.runTags), 'key-pair'),
    };
    try {
      return (await api.call('ec2:ImportKeyPair', request)).KeyPairId!;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const Filters = [{ Name: 'key-name', Values: [name] }];
      const found = await whoseName(api, error, token, async () => {
        const { KeyPairs = [] } = await api.call('ec2:DescribeKeyPairs', { Filters });
        return KeyPairs.map(({ KeyPairId, Tags }) => ({ id: KeyPairId!, tags: Tags }));
      });
      if (found === undefined) throw error;
      return found;
    }
  });
  return name;
}

function notEbs(id: string): GoldsmithError {
  return new GoldsmithError('BASE_MISMATCH', `the image ${id} has no root volume of EBS, which amazon-ebs needs`);
}
