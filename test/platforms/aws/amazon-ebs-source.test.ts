import { App, BaseImage, Image, ssh, winrm } from '../../../lib';
import { isExtension } from '../../../lib/extension';
import { amazonEbs, AmazonEbsSource, AmazonImage, type AmazonEbsConfigProps } from '../../../lib/platforms/aws';
import * as index from '../../../lib/platforms/aws';

test('the module exports the extensions that plans name', () => {
  const found = Object.values<unknown>(index).flatMap((value) =>
    isExtension(value) ? [`${value.module} ${value.kind} ${value.use}`] : [],
  );
  expect(found.sort()).toEqual([
    'goldsmith/aws lookup amazon-ami',
    'goldsmith/aws lookup amazon-parameterstore',
    'goldsmith/aws lookup amazon-secretsmanager',
    'goldsmith/aws platform amazon-chroot',
    'goldsmith/aws platform amazon-ebs',
    'goldsmith/aws platform amazon-ebssurrogate',
    'goldsmith/aws platform amazon-ebsvolume',
    'goldsmith/aws post-processor amazon-ebs-direct',
    'goldsmith/aws post-processor amazon-import',
    'goldsmith/aws secret amazon-parameterstore',
    'goldsmith/aws secret amazon-secretsmanager',
  ]);
});

describe('the schema', () => {
  const type = { instanceType: 't3.small' };
  const problem = (props: object): string => {
    const result = amazonEbs.schema.safeParse(props as AmazonEbsConfigProps);
    return result.success ? '' : result.error.issues.map(({ message }) => message).join('; ');
  };

  test.each<[object, RegExp]>([
    [{}, /one of `instanceType`, `spotInstanceTypes` is needed/],
    [{ ...type, accessKey: 'A' }, /go together, given is only `accessKey`/],
    [{ ...type, token: 'T' }, /`token` needs `accessKey`/],
    [{ ...type, region: 'eu-west-1a' }, /must be a region such as `eu-west-1`; a zone goes into `availabilityZone`/],
    [{ ...type, amiName: 'a' }, /has 1 characters; 3 to 128/],
    [{ ...type, amiName: 'core:1' }, /`:` is not allowed in it/],
    [{ ...type, tags: { 'aws:x': '1' } }, /`aws:` is AWS's own/],
    [{ ...type, userData: 'x', userDataFile: 'y' }, /at most one of `userData`, `userDataFile`/],
    [{ ...type, spotTags: { a: 'b' } }, /`spotTags` is for spot instances/],
    [{ spotInstanceTypes: ['t3.small'], spotFallback: true }, /`spotFallback` needs `instanceType`/],
    [{ ...type, spotPrice: 'cheap' }, /must be `auto` or US dollars/],
    [{ ...type, spotPrice: 'auto', enaSupport: true }, /spot instances cannot be stopped/],
    [{ instanceType: 'm5.large', enableUnlimitedCredits: true }, /burstable types/],
    [{ ...type, enableNitroEnclave: true }, /not possible with burstable types/],
    [{ ...type, placement: { tenancy: 'dedicated', hostId: 'h-1' } }, /a host is named, which means `host`/],
    [{ ...type, capacityReservationPreference: 'open', capacityReservationId: 'cr-1' }, /at most one of/],
    [{ ...type, subnetId: 's', subnetFilter: { filters: {} } }, /at most one of `subnetId`, `subnetFilter`/],
    [{ ...type, securityGroupId: 'sg', temporarySecurityGroupSourceCidrs: ['10.0.0.0/8'] }, /names one that is there/],
    [{ ...type, temporarySecurityGroupSourceCidrs: ['10.0.0.1'] }, /takes networks such as/],
    [{ ...type, sshKeypairName: 'k' }, /`sshKeypairName` needs its private key/],
    [{ ...type, communicator: ssh({ temporaryKeyPair: { type: 'ecdsa' } }) }, /EC2 takes `ed25519` and `rsa`/],
    [{ ...type, sessionManagerPort: 8022 }, /is for `sshInterface: 'session_manager'`/],
    [{ ...type, sshInterface: 'session_manager', instanceConnectEndpointId: 'eice-1' }, /'instance_connect'`/],
    [{ ...type, sshInterface: 'session_manager', temporarySecurityGroupSourcePublicIp: true }, /nobody comes in/],
    [
      { ...type, sshInterface: 'session_manager', communicator: ssh({ bastion: { host: 'b' } }) },
      /`communicator.bastion` is for a connection to an address/,
    ],
    [{ ...type, sshInterface: 'instance_connect', communicator: winrm() }, /is for SSH/],
    [
      { ...type, sshInterface: 'instance_connect', communicator: ssh({ password: 'x' }) },
      /lends the instance a key for each login/,
    ],
    [{ ...type, kmsKeyId: 'alias/x' }, /`kmsKeyId` needs `encryptBoot: true`/],
    [{ ...type, encryptBoot: true, kmsKeyId: 'my key' }, /is no KMS key/],
    [{ ...type, encryptBoot: true, amiUsers: ['111122223333'] }, /needs `kmsKeyId`: what AWS's own key encrypts/],
    [{ ...type, encryptBoot: true, amiGroups: ['all'] }, /makes it public/],
    [
      { ...type, encryptBoot: true, amiRegions: ['us-east-1'], regionKmsKeyIds: { 'us-west-2': '' } },
      /names us-west-2, which `amiRegions` does not/,
    ],
    [
      { ...type, encryptBoot: true, amiRegions: ['us-east-1', 'us-west-2'], regionKmsKeyIds: { 'us-west-2': '' } },
      /has no key for us-east-1/,
    ],
    [{ ...type, amiRegions: ['europe'] }, /takes regions such as/],
    [{ ...type, skipSaveBuildRegion: true }, /nothing would be kept/],
    [{ ...type, amiUsers: ['me'] }, /12 digits each/],
    [{ ...type, amiOrgArns: ['o-1'] }, /takes ARNs such as/],
    [{ ...type, deprecateAt: 'tomorrow' }, /must be a time such as/],
    [{ ...type, forceDeleteSnapshot: true }, /`forceDeleteSnapshot` needs `forceDeregister`/],
    [{ ...type, launchBlockDeviceMappings: [{ deviceName: '/dev/sda1', volumeType: 'io1' }] }, /`io1` needs `iops`/],
    [{ ...type, launchBlockDeviceMappings: [{ deviceName: 'a', throughput: 200 }] }, /`throughput` is for gp3/],
    [
      { ...type, launchBlockDeviceMappings: [{ deviceName: 'a', volumeType: 'gp3', volumeSize: 10, iops: 6000 }] },
      /gp3 allows 500 for each GiB, which is 5000/,
    ],
    [{ ...type, amiBlockDeviceMappings: [{ deviceName: 'a' }, { deviceName: 'a' }] }, /names a twice/],
    [{ ...type, imdsSupport: 'v1' }, /v2\.0/],
    [{ ...type, ami_name: 'x' }, /Unrecognized key/],
  ])('refuses %p', (props, message) => {
    expect(problem(props)).toMatch(message);
  });

  test.each<[object]>([
    [{ instanceType: ['t3.small', 'm5.large'] }],
    [{ spotInstanceTypes: ['m5.large'], spotPrice: 'auto' }],
    [{ ...type, amiName: { $text: ['core-', { $now: { format: 'YYYY' } }] } }],
    [{ ...type, encryptBoot: true, kmsKeyId: 'alias/golden', amiUsers: ['111122223333'] }],
    [{ ...type, communicator: 'none', deprecateAt: '2027-01-31T00:00:00Z' }],
  ])('takes %p', (props) => {
    expect(problem(props)).toBe('');
  });
});

describe('what it starts from', () => {
  function synth(props: object): object {
    const app = new App('acme', { baseDir: __dirname, variables: {} });
    new AmazonEbsSource(new Image(app, 'Core'), 'Aws', { instanceType: 't3.small', ...props });
    const { nodes, lookups } = app.synth();
    const [node] = nodes;
    return { base: node?.kind === 'build' ? node.source.base : undefined, lookups: Object.values(lookups) };
  }

  test('an id is exact, and in the plan as the base only', () => {
    expect(synth({ sourceAmi: 'ami-0123456789abcdef0' })).toEqual({
      base: { $exact: { imageId: 'ami-0123456789abcdef0' } },
      lookups: [],
    });
  });

  test.each<[string, object, object]>([
    [
      'a filter',
      { region: 'eu-west-1', sourceAmiFilter: { filters: { name: 'x-*' }, owners: ['self'] } },
      { by: 'filter', filters: { name: 'x-*' }, owners: ['self'], region: 'eu-west-1' },
    ],
    ['a parameter', { sourceAmiParameter: '/aws/service/x' }, { by: 'parameter', name: '/aws/service/x' }],
    [
      'a lookup',
      { base: AmazonImage.lookup({ owners: ['099720109477'], name: 'ubuntu/*' }) },
      { by: 'filter', filters: { name: 'ubuntu/*' }, owners: ['099720109477'], mostRecent: true },
    ],
  ])('%s is a lookup', (_what, props, query) => {
    expect(synth(props)).toMatchObject({ base: { $lookup: expect.any(String) as string }, lookups: [{ query }] });
  });

  test.each<[object, RegExp]>([
    [{}, /exactly one of `sourceAmi`, `sourceAmiFilter`, `sourceAmiParameter`, `base` is needed, none is given/],
    [{ sourceAmi: 'ami-01234567', sourceAmiParameter: '/x' }, /given are `sourceAmi` and `sourceAmiParameter`/],
    [{ sourceAmi: 'ubuntu' }, /no id of an image/],
    [{ sourceAmiFilter: { filters: {} } }, /`sourceAmiFilter.owners` is missing: anybody can give an image any name/],
  ])('is refused: %p', (props, message) => {
    expect(() => synth(props)).toThrow(message);
  });

  test('an image from it starts from its artifact, under another name', () => {
    const app = new App('acme', { baseDir: __dirname, variables: {} });
    const core = new Image(app, 'Core');
    new AmazonEbsSource(core, 'Aws', { instanceType: 't3.small', sourceAmi: 'ami-01234567', amiName: 'core' });
    new Image(app, 'Web', { from: core });
    const node = app.synth().nodes.find(({ id }) => id === 'Web/Aws');
    expect(node).toMatchObject({ source: { base: { $artifact: 'Core/Aws' }, config: { instanceType: 't3.small' } } });
    expect(node).not.toMatchObject({ source: { config: { amiName: 'core' } } });
    expect(BaseImage.is(AmazonImage.fromId('ami-01234567'))).toBe(true);
  });
});
