import type { Server, Trait } from './fidelity';
import { at } from './model';

const NOWHERE = 'ami-00000000000000abc';

function refuses(what: string, code: string, action: string, params: Readonly<Record<string, string>>): Trait {
  return {
    name: `${what}: ${code}`,
    holds: async (server) => (await server.refusal(action, params)) === code,
  };
}

/** A call that a server has at all: it refuses what is not there by a code that tells so. */
function knows(action: string, params: Readonly<Record<string, string>>, code: RegExp): Trait {
  return { name: `has ${action}`, holds: async (server) => code.test((await server.refusal(action, params)) ?? '') };
}

const snapshotOf = async (server: Server, image: string): Promise<string> =>
  at((await server.disks(image))[0]!.ebs, 'ebs/snapshotId')?.text ?? '';

/**
 * What a build depends on, each as AWS does it. The codes are those of
 * https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
 */
export const TRAITS: readonly Trait[] = [
  refuses('an instance that is not there', 'InvalidInstanceID.NotFound', 'DescribeInstances', {
    'InstanceId.1': 'i-00000000000000abc',
  }),
  refuses('an id that is none', 'InvalidInstanceID.Malformed', 'DescribeInstances', { 'InstanceId.1': 'nothing' }),
  refuses('an image that is not there', 'InvalidAMIID.NotFound', 'DescribeImages', { 'ImageId.1': NOWHERE }),
  refuses('a parameter that is missing', 'MissingParameter', 'CreateImage', { Name: 'fidelity' }),
  refuses('a parameter that there is not', 'UnknownParameter', 'DescribeRegions', { Colour: 'blue' }),
  refuses('a key pair that is not there', 'InvalidKeyPair.NotFound', 'DescribeKeyPairs', { 'KeyName.1': 'nothing' }),
  {
    name: 'a dry run says that it would have worked: DryRunOperation',
    holds: async (server) => {
      const image = await server.image();
      const params = { ImageId: image, MinCount: '1', MaxCount: '1', InstanceType: 't3.micro', DryRun: 'true' };
      return (await server.refusal('RunInstances', params)) === 'DryRunOperation';
    },
  },
  {
    name: 'a client token makes one instance, however often it is sent',
    holds: async (server) => {
      const params = { ClientToken: 'fidelity-token' };
      return (await server.instance(params)) === (await server.instance(params));
    },
  },
  {
    name: 'a name of an image is had once: InvalidAMIName.Duplicate',
    holds: async (server) => {
      const { name, instance } = await server.captured();
      return (await server.refusal('CreateImage', { InstanceId: instance, Name: name })) === 'InvalidAMIName.Duplicate';
    },
  },
  {
    name: 'an image has the volumes that were asked for',
    holds: async (server) => {
      const params = { 'BlockDeviceMapping.1.DeviceName': '/dev/sdf', 'BlockDeviceMapping.1.Ebs.VolumeSize': '20' };
      const { id } = await server.captured(params);
      const disk = (await server.disks(id)).find(({ device }) => device === '/dev/sdf');
      return disk !== undefined && at(disk.ebs, 'ebs/volumeSize')?.text === '20';
    },
  },
  {
    name: 'tags for snapshots that CreateImage is given are on them',
    holds: async (server) => {
      const tag = { 'TagSpecification.1.Tag.1.Key': 'K', 'TagSpecification.1.Tag.1.Value': 'V' };
      const { id } = await server.captured({ 'TagSpecification.1.ResourceType': 'snapshot', ...tag });
      const { body } = await server.call('DescribeSnapshots', { 'SnapshotId.1': await snapshotOf(server, id) });
      return body.includes('<key>K</key>');
    },
  },
  {
    name: 'a copy is encrypted where that is asked for',
    holds: async (server) => {
      const { id } = await server.captured();
      const params = { SourceImageId: id, SourceRegion: 'us-east-1', Name: server.name(), Encrypted: 'true' };
      const copy = await server.text('CopyImage', params, 'imageId');
      await server.available(copy);
      return (await server.disks(copy)).every(({ ebs }) => at(ebs, 'ebs/encrypted')?.text === 'true');
    },
  },
  {
    name: 'a snapshot of an image that is registered stays: InvalidSnapshot.InUse',
    holds: async (server) => {
      const { id } = await server.captured();
      const params = { SnapshotId: await snapshotOf(server, id) };
      return (await server.refusal('DeleteSnapshot', params)) === 'InvalidSnapshot.InUse';
    },
  },
  {
    name: 'a security group that an instance is in stays: DependencyViolation',
    holds: async (server) => {
      const group = { GroupName: server.name(), GroupDescription: 'a group' };
      const id = await server.text('CreateSecurityGroup', group, 'groupId');
      await server.instance({ 'SecurityGroupId.1': id });
      return (await server.refusal('DeleteSecurityGroup', { GroupId: id })) === 'DependencyViolation';
    },
  },
  knows('EnableImageDeprecation', { ImageId: NOWHERE, DeprecateAt: '2030-01-01T00:00:00Z' }, /^InvalidAMIID\./),
  knows('EnableImageDeregistrationProtection', { ImageId: NOWHERE }, /^InvalidAMIID\./),
  knows('EnableFastLaunch', { ImageId: NOWHERE }, /^(InvalidAMIID\.|InvalidParameter)/),
  knows('ImportSnapshot', {}, /^(MissingParameter|InvalidParameter)/),
  knows('ImportImage', {}, /^(MissingParameter|InvalidParameter)/),
];
