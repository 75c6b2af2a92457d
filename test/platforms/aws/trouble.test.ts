import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image, PauseProvisioner, ssh, type RunEvent } from '../../../lib';
import { AmazonEbsSource, AmazonImage, type AmazonEbsSourceProps } from '../../../lib/platforms/aws';
import type { OpenRehearsalOptions } from '../../../lib/rehearsal';
import { hastyClock } from '../../faults/helpers/programs/aws-victim';
import { client, items } from '../../rehearsal/client';
import { rehearse, type Rehearsing } from '../../rehearsal/context';

/** A build on a rehearsal in which something goes wrong, and what is there afterwards. */
async function build(
  trouble: OpenRehearsalOptions,
  props: Partial<AmazonEbsSourceProps> = {},
  prepare: (rehearsal: Rehearsing) => Promise<Partial<AmazonEbsSourceProps>> = () => Promise.resolve({}),
  provision: (image: Image) => void = () => undefined,
) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-trouble-'));
  const rehearsal = await rehearse({ machines: false, speed: 1000, ...trouble });
  try {
    const app = new App('trouble', { baseDir: dir, variables: {} });
    const image = new Image(app, 'Core');
    new AmazonEbsSource(image, 'Aws', {
      region: 'eu-west-1',
      ...(props.spotInstanceTypes === undefined && { instanceType: 't3.small' }),
      communicator: 'none',
      base: AmazonImage.lookup({ owners: ['099720109477'], name: 'ubuntu/images/*-24.04-amd64-server-*' }),
      ...props,
      ...(await prepare(rehearsal)),
    });
    provision(image);
    const events: RunEvent[] = [];
    const report = await app.build({
      env: { ...rehearsal.environment, HOME: dir },
      clock: hastyClock(),
      onEvent: (event) => void events.push(event),
    });
    await rehearsal.settle();
    const there = rehearsal.inventory().filter(({ deletedAt }) => deletedAt === undefined);
    return {
      error: report.nodes[0]!.error,
      said: events.flatMap((event) => (event.type === 'message' ? event.text : [])).join('\n'),
      made: rehearsal.inventory().map(({ kind, detail }) => `${kind} ${detail}`),
      left: there.map(({ kind, region }) => `${kind} in ${region}`).sort(),
    };
  } finally {
    await rehearsal.close();
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

const IMAGE = ['image in eu-west-1', 'snapshot in eu-west-1'];
const LOGIN = { communicator: ssh({ username: 'ubuntu' }) };

test('what is not seen at first is waited for, from the key pair to the tags of the copy', async () => {
  const { error, left } = await build(
    { seed: 'e', trouble: { eventualConsistency: 1 } },
    { amiRegions: ['us-east-1'] },
  );
  expect(error).toBeUndefined();
  expect(left).toEqual([IMAGE[0], 'image in us-east-1', IMAGE[1], 'snapshot in us-east-1']);
});

test('an image whose answer was lost, and which is not seen yet, is found again by its name and not left behind', async () => {
  for (const seed of ['1', '2', '3']) {
    const trouble = { lostResponses: 0.5, eventualConsistency: 1 };
    const { error, left } = await build({ seed, trouble }, { amiName: 'golden' });
    expect(error).toBeUndefined();
    expect(left).toEqual(IMAGE);
  }
});

test('a build that fails just after it made something deletes also what is not seen yet', async () => {
  const trouble = { insufficientCapacity: 1, eventualConsistency: 1 };
  const policy = { Statement: [{ Effect: 'Allow' as const, Action: ['s3:GetObject'], Resource: ['*'] }] };
  const { error, left, made } = await build(
    { trouble, sshPort: 0 },
    { ...LOGIN, temporaryIamInstanceProfilePolicyDocument: policy },
  );
  expect(error).toMatchObject({ code: 'LAUNCH_FAILED' });
  expect(made.map((what) => what.replace(/ (\S+)$/, ''))).toEqual([
    'key pair',
    'security group',
    'role',
    'instance profile',
  ]);
  expect(left).toEqual([]);
});

test('where there is no room for a type, the next place is tried, then the next type, and all refusals are said', async () => {
  let subnets: string[] = [];
  const { error, left } = await build(
    { trouble: { insufficientCapacity: 1 } },
    { instanceType: ['t3.small', 't3a.small'] },
    async (rehearsal) => {
      const { data } = await client(rehearsal.endpoints['aws']!)('DescribeSubnets');
      subnets = items(data['subnetSet'])
        .map(({ subnetId }) => String(subnetId))
        .slice(0, 2);
      return { subnetId: subnets };
    },
  );
  expect(error).toMatchObject({ code: 'LAUNCH_FAILED', hint: expect.stringContaining('instanceType') as string });
  const tried = ['t3.small', 't3a.small'].flatMap((type) => subnets.map((subnet) => `${type} in ${subnet}`));
  for (const one of tried) expect(error!.message).toContain(`${one}: InsufficientInstanceCapacity`);
  expect(left).toEqual([]);
});

test('where there is room at some of them, the image is built there', async () => {
  const types = ['t3.small', 't3a.small', 't2.small', 't3.medium', 't3a.medium'];
  const { error, said, left } = await build(
    { seed: 'b', trouble: { insufficientCapacity: 0.6 } },
    { instanceType: types },
  );
  expect(error).toBeUndefined();
  expect(said).toContain('no room for t3.small');
  expect(left).toEqual(IMAGE);
});

test('a spot instance that AWS takes back in the middle of a build is said to be lost, and nothing stays', async () => {
  const { error, left } = await build(
    { speed: 40, trouble: { spotInterruptions: 1 } },
    { spotInstanceTypes: ['t3.small'] },
    undefined,
    (image) => void new PauseProvisioner(image, 'Sleep', { duration: '30s' }),
  );
  expect(error).toMatchObject({
    code: 'MACHINE_LOST',
    message: expect.stringContaining('Spot instance termination') as string,
    hint: expect.stringContaining('spotInstanceTypes') as string,
  });
  expect(left).toEqual([]);
});

test('one that is taken back before it runs is replaced by one on demand', async () => {
  const props = { spotInstanceTypes: ['t3.small', 't3a.small'], spotFallback: true, instanceType: 't3.small' };
  const { error, said, left } = await build({ speed: 20_000, trouble: { spotInterruptions: 1 } }, props);
  expect(error).toBeUndefined();
  expect(said).toContain('no room for spot t3.small');
  expect(left).toEqual(IMAGE);
});

test('a quota is another reason to try the next type, and is named', async () => {
  const { error, left } = await build({ quotas: { vcpus: 1 } });
  expect(error?.message).toContain('VcpuLimitExceeded');
  expect(left).toEqual([]);
  const fits = await build({ quotas: { vcpus: 1 } }, { instanceType: ['t3.small', 't2.small'] });
  expect(fits.error).toBeUndefined();
});

test('the rehearsal refuses a wrong order of deletion', async () => {
  const rehearsal = await rehearse({ machines: false, speed: 5000 });
  try {
    const ec2 = client(rehearsal.endpoints['aws']!);
    const filter = { 'Owner.1': '099720109477', 'Filter.1.Name': 'architecture', 'Filter.1.Value.1': 'x86_64' };
    const ImageId = String(items((await ec2('DescribeImages', filter)).data['imagesSet'])[0]!['imageId']);
    const GroupId = String(
      (await ec2('CreateSecurityGroup', { GroupName: 'g', GroupDescription: 'd' })).data['groupId'],
    );
    const launch = { ImageId, MinCount: 1, MaxCount: 1, InstanceType: 't3.micro', 'SecurityGroupId.1': GroupId };
    const ran = await ec2('RunInstances', launch);
    const InstanceId = String(items(ran.data['instancesSet'])[0]!['instanceId']);
    expect((await ec2('DeleteSecurityGroup', { GroupId })).code).toBe('DependencyViolation');
    await ec2('TerminateInstances', { 'InstanceId.1': InstanceId });
    await rehearsal.settle();
    expect((await ec2('DeleteSecurityGroup', { GroupId })).code).toBeUndefined();
    const copy = await ec2('CopyImage', { Name: 'copy', SourceImageId: ImageId, SourceRegion: 'eu-west-1' });
    await rehearsal.settle();
    const [snapshot] = items((await ec2('DescribeSnapshots', { 'Owner.1': 'self' })).data['snapshotSet']);
    const SnapshotId = String(snapshot!['snapshotId']);
    expect((await ec2('DeleteSnapshot', { SnapshotId })).code).toBe('InvalidSnapshot.InUse');
    await ec2('DeregisterImage', { ImageId: String(copy.data['imageId']) });
    expect((await ec2('DeleteSnapshot', { SnapshotId })).code).toBeUndefined();
  } finally {
    await rehearsal.close();
  }
});
