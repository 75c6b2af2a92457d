import { EC2, type Instance } from '@aws-sdk/client-ec2';
import { IAM } from '@aws-sdk/client-iam';
import { SSM } from '@aws-sdk/client-ssm';
import { App, Image, type RunEvent, type RunReport } from '../../../lib';
import { AmazonEbsSource, AmazonImage, type AmazonEbsSourceProps } from '../../../lib/platforms/aws';
import type { OpenRehearsalOptions } from '../../../lib/rehearsal';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { temporaryFolder } from '../../provisioners/support';
import type { ApiCall } from '../../rehearsal/aws/call';
import type { Refusal } from '../../rehearsal/aws/faults';
import { startProxy, type AwsProxy } from '../../rehearsal/aws/proxy';
import { rehearse, type Rehearsing } from '../../rehearsal/context';

const folder = temporaryFolder();
const REGION = 'eu-west-1';
const BASE = { owners: ['099720109477'], name: 'ubuntu/images/*-24.04-amd64-*' };

let cloud: Rehearsing;
let proxy: AwsProxy;
/** Answers a call in the cloud's place. */
let instead: (call: ApiCall) => Refusal | undefined;
let env: Record<string, string>;
let ec2: EC2;
let number = 0;

async function open(options: OpenRehearsalOptions = {}): Promise<void> {
  // Without machines: these are about what is asked of AWS.
  cloud = await rehearse({ machines: false, speed: 5000, ...options });
  // Each request and answer is held against the published model, where that is here.
  instead = () => undefined;
  proxy = await startProxy({ target: cloud.endpoints['aws']!, instead: (call) => instead(call) });
  env = { ...cloud.environment, AWS_ENDPOINT_URL: proxy.url, HOME: folder };
  ec2 = new EC2(client());
}

interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

function client(region = REGION): ClientConfig {
  const credentials = {
    accessKeyId: cloud.environment['AWS_ACCESS_KEY_ID']!,
    secretAccessKey: cloud.environment['AWS_SECRET_ACCESS_KEY']!,
  };
  return { endpoint: cloud.endpoints['aws']!, region, credentials };
}

afterEach(async () => {
  ec2.destroy();
  await proxy.stop();
  await cloud.close();
  expect(problems()).toEqual([]);
});

/** What the published model does not allow. It writes `Windows` where EC2 answers `windows`, and of IAM it is an extract. */
function problems(): readonly string[] {
  const all = [...proxy.problems('request'), ...proxy.problems('response')];
  return all.filter(
    (problem) => !/platform: "windows" is not one of Windows$|no such call in the model of iam$/.test(problem),
  );
}

interface Built {
  readonly report: RunReport;
  readonly events: readonly RunEvent[];
  readonly said: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly instance: Instance | undefined;
}

function program(props: Partial<AmazonEbsSourceProps>, dir = path.join(folder, `app-${number++}`)): App {
  fs.mkdirSync(dir, { recursive: true });
  const app = new App('rehearsed', { baseDir: dir, variables: {} });
  new AmazonEbsSource(new Image(app, 'Web'), 'Aws', {
    region: REGION,
    instanceType: 't3.micro',
    communicator: 'none',
    ...(props.sourceAmi === undefined && { base: AmazonImage.lookup(BASE) }),
    disableStopInstance: false,
    ...props,
  } as AmazonEbsSourceProps);
  return app;
}

async function build(app: App, more: Record<string, string> = {}): Promise<Built> {
  const events: RunEvent[] = [];
  let running: Promise<Instance | undefined> | undefined;
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    // What has ended is nowhere any more, so it is looked at when it runs.
    if (event.type === 'message' && / runs: /.test(event.text)) running = theInstance();
  };
  const report = await app.build({ env: { ...env, ...more }, onEvent });
  await cloud.settle();
  const said = events.flatMap((event) => (event.type === 'message' ? [event.text] : []));
  return { report, events, said, error: report.nodes[0]?.error, instance: await running };
}

async function theInstance(): Promise<Instance | undefined> {
  const { Reservations = [] } = await ec2.describeInstances({});
  return Reservations.at(-1)?.Instances?.[0];
}

/** What was created and is still there, but for what is meant to stay. */
function left(): readonly string[] {
  return cloud
    .inventory()
    .filter(({ deletedAt, lasts }) => deletedAt === undefined && !lasts)
    .map(({ kind, detail }) => `${kind} ${detail}`);
}

const created = (kind: string): readonly string[] =>
  cloud
    .inventory()
    .filter((one) => one.kind === kind)
    .map(({ detail }) => detail);

describe('the image id in a parameter', () => {
  beforeEach(() => open());

  test('is there in each region when all else is done, moves with the next image, and is a base', async () => {
    const dir = path.join(folder, 'parameter');
    const props = {
      amiRegions: ['us-east-1'],
      ssmParameter: { name: '/golden/web/latest', tier: 'Intelligent-Tiering', description: 'the newest' } as const,
    };
    const first = await build(program({ ...props, amiName: 'web-1' }, dir));
    expect(first.error).toBeUndefined();
    const images = first.report.nodes[0]!.artifact!.outputs['images'] as Record<string, string>;
    for (const region of [REGION, 'us-east-1']) {
      const ssm = new SSM(client(region));
      const { Parameter } = await ssm.getParameter({ Name: '/golden/web/latest' });
      expect(Parameter).toMatchObject({ Value: images[region], DataType: 'aws:ec2:image', Version: 1 });
      ssm.destroy();
    }
    // Nothing changed, so nothing is written; of a second image the parameter is another version.
    expect((await build(program({ ...props, amiName: 'web-1' }, dir))).report.nodes[0]!.state).toBe('cached');
    const second = await build(program({ ...props, amiName: 'web-2' }, dir));
    const id = second.report.nodes[0]!.artifact!.outputs['imageId'];
    const ssm = new SSM(client());
    expect((await ssm.getParameter({ Name: '/golden/web/latest' })).Parameter).toMatchObject({ Value: id, Version: 2 });
    ssm.destroy();

    const next = await build(program({ base: AmazonImage.fromSsmParameter('/golden/web/latest') }));
    expect(next.report.nodes[0]!.artifact!.outputs['sourceImageId']).toBe(id);
    expect(left()).toEqual([]);
  });

  test('that is added later is written without a build, and resumed where writing it failed', async () => {
    const dir = path.join(folder, 'later');
    const before = await build(program({ amiName: 'later-1' }, dir));
    // No answer of AWS: the credentials may not write parameters.
    const body = JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized: ssm:PutParameter' });
    instead = ({ action }) =>
      action === 'PutParameter' ? { status: 400, type: 'application/x-amz-json-1.1', body } : undefined;
    const refused = await build(program({ amiName: 'later-1', ssmParameter: '/golden/later' }, dir));
    expect(refused.error).toMatchObject({ code: 'ACCESS_DENIED' });
    instead = () => undefined;
    const added = await build(program({ amiName: 'later-1', ssmParameter: '/golden/later' }, dir));
    expect(added.report.nodes[0]).toMatchObject({ state: 'cached' });
    expect(added.report.nodes[0]!.artifact!.outputs).toMatchObject({
      imageId: before.report.nodes[0]!.artifact!.outputs['imageId'],
      ssmParameter: '/golden/later',
    });
    expect(created('parameter')).toEqual(['/golden/later']);
    expect(created('instance')).toHaveLength(1);
  });

  test('is not changed where that is said, which is found before anything is created', async () => {
    const ssm = new SSM(client());
    await ssm.putParameter({ Name: '/golden/mine', Value: 'something', Type: 'String' });
    ssm.destroy();
    const { error } = await build(program({ ssmParameter: { name: '/golden/mine', overwrite: false } }));
    expect(error?.message).toContain('`ssmParameter` is `/golden/mine`, which is there in eu-west-1');
    expect(created('instance')).toEqual([]);
  });

  test('is not that of an image which starts from it', () => {
    const app = program({ ssmParameter: '/golden/web' });
    new Image(app, 'Shop', { from: app.node.findChild('Web') as Image });
    const shown = JSON.stringify(app.synth());
    expect(shown.match(/golden\/web/g)).toHaveLength(1);
  });

  test.each(['/aws/mine', 'golden/web', '/golden web', '/a//b'])('has a proper name, which %s is not', (name) => {
    expect(() => program({ ssmParameter: name }).synth()).toThrow('`ssmParameter` is');
  });
});

describe('spot instances', () => {
  test('of a strategy come from a fleet, whose launch template is gone afterwards', async () => {
    await open();
    const { error, said } = await build(
      program({
        spotInstanceTypes: ['t3.small', 't3a.small'],
        spotPrice: '0.05',
        spotAllocationStrategy: 'capacity-optimized',
        fleetTags: { Cost: 'ci' },
        runTags: { Team: 'web' },
        spotTags: { Spot: 'yes' },
        availabilityZone: ['eu-west-1b'],
      }),
    );
    expect(error).toBeUndefined();
    expect(said.join('\n')).toContain('runs: spot t3.small or t3a.small');
    expect(created('launch template')).toHaveLength(1);
    expect(created('instance')).toEqual([expect.stringMatching(/^t3\.small, spot, /)]);
    const { Reservations = [] } = await ec2.describeInstances({ Filters: [{ Name: 'tag:Team', Values: ['web'] }] });
    expect(Reservations[0]?.Instances?.[0]).toMatchObject({ InstanceLifecycle: 'spot' });
    expect(Reservations[0]?.Instances?.[0]?.Tags).toContainEqual({ Key: 'Team', Value: 'web' });
    expect(left()).toEqual([]);
  });

  test.each<[string, Partial<AmazonEbsSourceProps>]>([
    ['one after the other', {}],
    ['as a fleet', { spotAllocationStrategy: 'lowest-price' }],
  ])('fall back to one on demand where there is no room, asked for %s', async (_name, props) => {
    // With this seed the first launches find no room.
    await open({ trouble: { insufficientCapacity: 0.8 }, seed: 'no-room' });
    const types = ['t3.micro', 't3.small', 't3.medium', 't3a.micro', 't3a.small', 't3a.medium'];
    const { error, said } = await build(
      program({ instanceType: types, spotInstanceTypes: ['t3.small'], spotFallback: true, ...props }),
    );
    expect(error).toBeUndefined();
    expect(said.some((text) => /^no room for spot t3.small/.test(text))).toBe(true);
    expect(created('instance')).toEqual([expect.not.stringContaining('spot')]);
    expect(left()).toEqual([]);
  });

  test('that no type or place has room for are told, each with its reason, and nothing is left', async () => {
    await open({ trouble: { insufficientCapacity: 1 } });
    const { error } = await build(
      program({ spotInstanceTypes: ['t3.small', 't3a.small'], spotAllocationStrategy: 'price-capacity-optimized' }),
    );
    expect(error?.message).toContain('AWS has no room for the instance: spot t3.small or t3a.small');
    expect(error?.message).toContain('InsufficientInstanceCapacity');
    expect(left()).toEqual([]);
  });
});

describe('an instance profile', () => {
  beforeEach(() => open());

  test('is made from a policy, and gone with the instance', async () => {
    const { error } = await build(
      program({
        temporaryIamInstanceProfilePolicyDocument: {
          Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'] }],
        },
      }),
    );
    expect(error).toBeUndefined();
    expect(created('role')).toHaveLength(1);
    expect(created('instance profile')).toHaveLength(1);
    expect(left()).toEqual([]);
  });

  test('that is there is used, and one that is not there is found before anything is created', async () => {
    const iam = new IAM(client('us-east-1'));
    await iam.createInstanceProfile({ InstanceProfileName: 'builder' });
    const { error } = await build(program({ iamInstanceProfile: 'builder' }));
    expect(error).toBeUndefined();
    const { Reservations = [] } = await ec2.describeInstances({});
    expect(Reservations[0]?.Instances?.[0]?.IamInstanceProfile?.Arn).toMatch(/instance-profile\/builder$/);
    const none = await build(program({ iamInstanceProfile: 'nobody' }));
    expect(none.error?.message).toContain('nobody');
    expect(created('instance')).toHaveLength(1);
    iam.destroy();
  });
});

describe('where the instance goes', () => {
  beforeEach(() => open());

  test('is found by filters of VPC, subnet and security group', async () => {
    const { Subnets = [] } = await ec2.describeSubnets({});
    const subnet = Subnets.find(({ AvailabilityZone }) => AvailabilityZone === 'eu-west-1c')!;
    await ec2.createTags({ Resources: [subnet.SubnetId!, subnet.VpcId!], Tags: [{ Key: 'Use', Value: 'images' }] });
    const { GroupId } = await ec2.createSecurityGroup({ GroupName: 'images', Description: 'd', VpcId: subnet.VpcId });
    await ec2.createTags({ Resources: [GroupId!], Tags: [{ Key: 'Use', Value: 'images' }] });
    const { error, instance } = await build(
      program({
        vpcFilter: { filters: { 'tag:Use': 'images' } },
        subnetFilter: { filters: { 'tag:Use': 'images' } },
        securityGroupFilter: { filters: { 'tag:Use': 'images' } },
      }),
    );
    expect(error).toBeUndefined();
    expect(instance).toMatchObject({
      SubnetId: subnet.SubnetId,
      VpcId: subnet.VpcId,
      SecurityGroups: [{ GroupId }],
    });
    expect(created('security group')).toHaveLength(1);
  });

  test.each<[string, Partial<AmazonEbsSourceProps>, RegExp]>([
    ['no VPC', { vpcFilter: { filters: { 'tag:Use': 'none' } } }, /`vpcFilter` matches no VPC/],
    ['no subnet', { subnetFilter: { filters: { 'tag:Use': 'none' } } }, /`subnetFilter` matches no subnet/],
    ['several subnets', { subnetFilter: { filters: { 'default-for-az': 'true' } } }, /matches 3 subnets/],
    ['no group', { securityGroupFilter: { filters: { 'tag:Use': 'none' } } }, /matches no security group/],
  ])('is said where it is none: %s', async (_name, props, message) => {
    const { error } = await build(program(props));
    expect(error?.message).toMatch(message);
    expect(left()).toEqual([]);
  });
});

describe('credentials', () => {
  beforeEach(() => open());

  const OTHER = '210987654321';
  const ROLE = `arn:aws:iam::${OTHER}:role/images`;

  async function ownerOf(props: Partial<AmazonEbsSourceProps>, more: Record<string, string> = {}): Promise<unknown> {
    const built = await build(program(props), more);
    return built.error?.message ?? built.report.nodes[0]!.artifact!.outputs['ownerId'];
  }

  test('of a role with an external id, an MFA device and session tags build in its account', async () => {
    const assumeRole = {
      roleArn: ROLE,
      externalId: 'partner-7',
      mfaSerial: 'arn:aws:iam::123456789012:mfa/me',
      tags: { Team: 'web' },
      durationSeconds: 900,
      sessionName: 'nightly',
    };
    expect(await ownerOf({ assumeRole, mfaCode: '123456' })).toBe(OTHER);
    expect(await ownerOf({ assumeRole })).toContain('`mfaCode` is not given');
    expect(await ownerOf({ assumeRole, mfaCode: '000000' })).toMatch(/MFA|tokenCode/i);
    expect(left()).toEqual([]);
  });

  test('of a web identity build in the account of its role', async () => {
    const webIdentityTokenFile = path.join(folder, 'token');
    fs.writeFileSync(webIdentityTokenFile, 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJjaSJ9.c2ln');
    expect(await ownerOf({ assumeRole: { roleArn: ROLE, webIdentityTokenFile } })).toBe(OTHER);
    const unset = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    const identity = { AWS_WEB_IDENTITY_TOKEN_FILE: webIdentityTokenFile, AWS_ROLE_ARN: ROLE };
    expect(await ownerOf({}, { ...unset, ...identity })).toBe(OTHER);
  });

  test('of a profile are keys, a process, or a role on top of another profile', async () => {
    const config = path.join(folder, 'config');
    const { accessKeyId: id, secretAccessKey: secret } = client().credentials;
    const keys = JSON.stringify({ Version: 1, AccessKeyId: id, SecretAccessKey: secret });
    fs.writeFileSync(
      config,
      [
        '[profile keys]',
        `aws_access_key_id = ${id}`,
        `aws_secret_access_key = ${secret}`,
        '[profile process]',
        `credential_process = echo '${keys}'`,
        '[profile role]',
        `role_arn = ${ROLE}`,
        'source_profile = keys',
        'external_id = partner-7',
        '[profile sso]',
        'sso_session = corp',
        'sso_account_id = 123456789012',
        'sso_role_name = images',
        '[sso-session corp]',
        'sso_region = eu-west-1',
        'sso_start_url = https://corp.awsapps.test/start',
      ].join('\n'),
    );
    const files = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'none') };
    expect(await ownerOf({ profile: 'keys' }, files)).toBe('123456789012');
    expect(await ownerOf({ profile: 'process' }, files)).toBe('123456789012');
    expect(await ownerOf({}, { ...files, AWS_PROFILE: 'role', AWS_ACCESS_KEY_ID: '' })).toBe(OTHER);
    // Nobody has logged in: it says so, and calls nobody.
    expect(await ownerOf({ profile: 'sso' }, files)).toMatch(/no credentials for AWS were found: .*SSO/i);
  });
});

test('fast launch is waited for, in each region, and is not asked for again', async () => {
  await open({ images: { 'windows-2022': 'windows' } });
  const dir = path.join(folder, 'windows');
  const props = {
    base: AmazonImage.lookup({ owners: ['999999999999'], name: 'windows-2022' }),
    amiName: 'win-1',
    amiRegions: ['us-east-1'],
    fastLaunch: { enableFastLaunch: true, maxParallelLaunches: 6, targetResourceCount: 3 },
  };
  const { error, said, report } = await build(program(props, dir));
  expect(error).toBeUndefined();
  expect(said.filter((text) => text.startsWith('waiting for the snapshots of fast launch'))).toHaveLength(2);
  const id = report.nodes[0]!.artifact!.outputs['imageId'] as string;
  const { FastLaunchImages = [] } = await ec2.describeFastLaunchImages({ ImageIds: [id] });
  expect(FastLaunchImages[0]).toMatchObject({ State: 'enabled', SnapshotConfiguration: { TargetResourceCount: 3 } });
  const again = await build(program({ ...props, tags: { Added: 'later' } }, dir));
  expect(again.said.filter((text) => text.startsWith('waiting'))).toEqual([]);
});

describe('before anything is created', () => {
  test('a quota that no type fits in is told, together with all else that is wrong', async () => {
    await open({ quotas: { vcpus: 1 } });
    const { report } = await build(
      program({ instanceType: ['t3.micro', 't3.small'], amiRegions: ['xx-nowhere-1'], skipRegionValidation: false }),
    );
    const all = JSON.stringify(report.nodes[0]!.error);
    expect(all).toContain('xx-nowhere-1');
    expect(all).toContain('VcpuLimitExceeded');
    expect(created('instance')).toEqual([]);
    expect(created('key pair')).toEqual([]);
  });

  test('what is named and not there is told: key pair, security group, subnet', async () => {
    await open();
    for (const [props, code] of [
      [{ securityGroupId: 'sg-00000000000000000' }, 'InvalidGroup.NotFound'],
      [{ subnetId: 'subnet-00000000000000000' }, 'InvalidSubnetID.NotFound'],
    ] as const) {
      const { error } = await build(program(props));
      expect(JSON.stringify(error)).toContain(code.split('.')[0] === 'InvalidGroup' ? 'security group' : 'subnet');
    }
    expect(created('instance')).toEqual([]);
  });
});
