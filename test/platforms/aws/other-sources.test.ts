import { App, BaseImage, Image } from '../../../lib';
import {
  amazonChroot,
  AmazonEbsSource,
  amazonEbsSurrogate,
  AmazonEbsSurrogateSource,
  amazonEbsVolume,
  AmazonEbsVolumeSource,
} from '../../../lib/platforms/aws';
import { partitionOf } from '../../../lib/platforms/aws/chroot/mounts';

const type = { instanceType: 't3.small' };
const surrogate = {
  ...type,
  launchBlockDeviceMappings: [{ deviceName: '/dev/xvdf', volumeSize: 1 }],
  amiRootDevice: { sourceDeviceName: '/dev/xvdf', deviceName: '/dev/xvda' },
};
const volume = { deviceName: '/dev/xvdf', volumeSize: 1 };
const scratch = {
  fromScratch: true,
  rootVolumeSize: 1,
  rootDeviceName: '/dev/xvda',
  preMountCommands: ['true'],
  amiBlockDeviceMappings: [{ deviceName: '/dev/xvda' }],
};

test.each<[string, object, RegExp]>([
  ['surrogate', { ...surrogate, amiRootDevice: undefined }, /expected object/],
  [
    'surrogate',
    { ...surrogate, amiRootDevice: { sourceDeviceName: '/dev/sdx', deviceName: '/dev/xvda' } },
    /must be one of `launchBlockDeviceMappings`: \/dev\/xvdf/,
  ],
  [
    'surrogate',
    { ...surrogate, launchBlockDeviceMappings: [{ ...volume, omitFromArtifact: true }] },
    /which `omitFromArtifact` leaves out/,
  ],
  ['surrogate', { ...surrogate, uefiData: 'AAAA' }, /`uefiData` needs `bootMode`/],
  ['surrogate', { ...surrogate, tpmSupport: 'v2.0', bootMode: 'legacy-bios' }, /`tpmSupport` needs `bootMode`/],
  ['surrogate', { ...surrogate, amiArchitecture: 'arm64', bootMode: 'legacy-bios' }, /boots by `uefi` only/],
  ['surrogate', { ...surrogate, useCreateImage: true, bootMode: 'uefi' }, /`bootMode` is for RegisterImage/],
  ['surrogate', { ...surrogate, useCreateImage: true, spotPrice: 'auto' }, /spot instances cannot be stopped/],
  ['surrogate', { ...surrogate, amiRootDevice: { ...surrogate.amiRootDevice, volumeType: 'io1' } }, /needs `iops`/],
  ['volume', { ...type, ebsVolumes: [] }, />=1 items/],
  ['volume', { ...type, ebsVolumes: [volume, volume] }, /names \/dev\/xvdf twice/],
  ['volume', { ...type, ebsVolumes: [{ ...volume, snapshotTags: {} }] }, /needs `snapshotVolume: true`/],
  ['volume', { ...type, ebsVolumes: [{ ...volume, deleteOnTermination: true }] }, /nothing of it would be kept/],
  ['volume', { ...type, ebsVolumes: [volume], amiName: 'x' }, /Unrecognized key/],
  ['chroot', { ...scratch, rootVolumeSize: undefined }, /`fromScratch` needs `rootVolumeSize`/],
  ['chroot', { ...scratch, rootDeviceName: '/dev/sda1' }, /must be one of `amiBlockDeviceMappings`: \/dev\/xvda/],
  ['chroot', { commandWrapper: 'sudo' }, /has no `\{\{\.Command\}\}`/],
  ['chroot', { chrootMounts: [['proc', '/proc']] }, /three texts/],
  ['chroot', { rootVolumeKmsKeyId: 'alias/x' }, /needs `rootVolumeEncryptBoot: true`/],
  ['chroot', { instanceType: 't3.small' }, /Unrecognized key/],
])('%s refuses %p', (kind, props, message) => {
  expect(problem(kind, props)).toMatch(message);
});

test.each<[string, object]>([
  ['surrogate', { ...surrogate, bootMode: 'uefi', uefiData: 'AAAA', tpmSupport: 'v2.0', amiArchitecture: 'arm64' }],
  ['volume', { ...type, ebsVolumes: [{ ...volume, snapshotVolume: true, snapshotUsers: ['111122223333'] }] }],
  ['chroot', scratch],
])('%s takes %p', (kind, props) => {
  expect(problem(kind, props)).toBe('');
});

function problem(kind: string, props: object): string {
  const { schema } = { surrogate: amazonEbsSurrogate, volume: amazonEbsVolume, chroot: amazonChroot }[kind]!;
  const result = schema.safeParse(props as never);
  return result.success ? '' : result.error.issues.map(({ message }) => message).join('; ');
}

test('an image of amazon-ebs starts from one of amazon-ebssurrogate, and not from volumes', () => {
  const app = new App('acme', { baseDir: __dirname, variables: {} });
  const core = new Image(app, 'Core');
  new AmazonEbsSurrogateSource(core, 'Aws', { ...surrogate, sourceAmi: 'ami-0123456789abcdef0' });
  new AmazonEbsSource(new Image(app, 'Web'), 'Aws', { ...type, base: BaseImage.of(core) });
  const node = app.synth().nodes.find(({ id }) => id === 'Web/Aws');
  expect(node).toMatchObject({ source: { base: { $artifact: 'Core/Aws' } } });

  const wrong = new App('acme', { baseDir: __dirname, variables: {} });
  const data = new Image(wrong, 'Data');
  const ebsVolumes = [volume];
  new AmazonEbsVolumeSource(data, 'Aws', { ...type, ebsVolumes, sourceAmi: 'ami-0123456789abcdef0' });
  new AmazonEbsSource(new Image(wrong, 'Web'), 'Aws', { ...type, base: BaseImage.of(data) });
  expect(() => wrong.synth()).toThrow(/has no build on `amazon-ebs`/);
});

test.each([
  ['/dev/xvdf', '1', '/dev/xvdf1'],
  ['/dev/nvme1n1', '2', '/dev/nvme1n1p2'],
  ['/dev/xvdf', '0', '/dev/xvdf'],
])('of %s partition %s is %s', (device, partition, path) => {
  expect(partitionOf(device, partition)).toBe(path);
});
