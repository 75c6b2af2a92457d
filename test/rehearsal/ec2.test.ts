import { client, items, type Data, type Reply } from './client';
import { rehearse, type Rehearsing } from './context';

let rehearsal: Rehearsing;
let ec2: ReturnType<typeof client>;

beforeAll(async () => {
  // Without machines: these are about the API alone.
  rehearsal = await rehearse({ machines: false, speed: 10_000 });
  ec2 = client(rehearsal.endpoints['aws']!);
});
afterAll(() => rehearsal.close());

/** The public image of Ubuntu for x86_64. */
async function ubuntu(call = ec2): Promise<string> {
  const { data } = await call('DescribeImages', {
    'Owner.1': '099720109477',
    'Filter.1.Name': 'name',
    'Filter.1.Value.1': 'ubuntu/images/*-24.04-amd64-*',
  });
  return items(data['imagesSet'])[0]!['imageId'] as string;
}

async function launch(params: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return ec2('RunInstances', {
    ImageId: await ubuntu(),
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    ...params,
  });
}

async function running(): Promise<string> {
  const { data } = await launch();
  const id = items(data['instancesSet'])[0]!['instanceId'] as string;
  await rehearsal.settle();
  return id;
}

async function imageOf(instance: string, name: string): Promise<{ readonly id: string; readonly snapshot: string }> {
  const id = (await ec2('CreateImage', { InstanceId: instance, Name: name })).data['imageId'] as string;
  await rehearsal.settle();
  const [image] = items((await ec2('DescribeImages', { 'ImageId.1': id })).data['imagesSet']);
  return { id, snapshot: (items(image!['blockDeviceMapping'])[0]!['ebs'] as Data)['snapshotId'] as string };
}

describe('a call', () => {
  test('without a signature is refused', async () => {
    const response = await fetch(rehearsal.endpoints['aws']!, { method: 'POST', body: 'Action=DescribeImages' });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });

  test.each<[string, string, Record<string, string>, number?]>([
    ['InvalidAction', 'MakeCoffee', {}],
    ['UnknownParameter', 'DescribeImages', { Colour: 'blue' }],
    ['MissingParameter', 'CreateKeyPair', {}],
    ['InvalidParameterValue', 'DescribeImages', { 'Filter.1.Name': 'taste', 'Filter.1.Value.1': 'sweet' }],
    ['InvalidAMIID.Malformed', 'DescribeImages', { 'ImageId.1': 'ami-x' }],
    ['InvalidAMIID.NotFound', 'DescribeImages', { 'ImageId.1': 'ami-00000000000000000' }],
    ['InvalidInstanceID.NotFound', 'StopInstances', { 'InstanceId.1': 'i-00000000000000000' }],
    ['InvalidSnapshot.NotFound', 'DeleteSnapshot', { SnapshotId: 'snap-00000000000000000' }],
    ['InvalidGroup.NotFound', 'DeleteSecurityGroup', { GroupId: 'sg-00000000000000000' }],
    ['DryRunOperation', 'CreateSecurityGroup', { GroupName: 'g', GroupDescription: 'g', DryRun: 'true' }, 412],
  ])('is answered %s where that is what is wrong', async (code, action, params, status = 400) => {
    expect(await ec2(action, params)).toMatchObject({ code, status });
  });

  test('that would launch is checked before a dry run says that it would succeed', async () => {
    expect((await launch({ DryRun: 'true' })).code).toBe('DryRunOperation');
    expect((await launch({ DryRun: 'true', InstanceType: 't9.huge' })).code).toBe('InvalidParameterValue');
    expect((await launch({ DryRun: 'true', InstanceType: 't4g.micro' })).code).toBe('InvalidParameterValue');
    expect((await launch({ DryRun: 'true', KeyName: 'none' })).code).toBe('InvalidKeyPair.NotFound');
  });

  test('with a client token launches once, and is refused with other parameters', async () => {
    const first = await launch({ ClientToken: 'token-1' });
    const again = await launch({ ClientToken: 'token-1' });
    expect(again.data['reservationId']).toBe(first.data['reservationId']);
    expect((await launch({ ClientToken: 'token-1', InstanceType: 't3.small' })).code).toBe(
      'IdempotentParameterMismatch',
    );
  });
});

describe('an instance', () => {
  test('is pending, runs, is stopped and is terminated; its volume goes with it', async () => {
    const { data } = await launch({
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.1.Tag.1.Key': 'Name',
      'TagSpecification.1.Tag.1.Value': 'x',
    });
    const instance = items(data['instancesSet'])[0]!;
    const id = instance['instanceId'] as string;
    expect(instance).toMatchObject({ instanceState: { name: 'pending' }, tagSet: [{ key: 'Name', value: 'x' }] });
    await rehearsal.settle();
    const state = async (): Promise<Data> =>
      items(
        items((await ec2('DescribeInstances', { 'InstanceId.1': id })).data['reservationSet'])[0]!['instancesSet'],
      )[0]!;
    expect(await state()).toMatchObject({
      instanceState: { code: '16', name: 'running' },
      ipAddress: expect.stringMatching(/^127\./),
    });
    const stopping = await ec2('StopInstances', { 'InstanceId.1': id });
    expect(items(stopping.data['instancesSet'])[0]).toMatchObject({
      currentState: { name: 'stopping' },
      previousState: { name: 'running' },
    });
    await rehearsal.settle();
    expect((await state())['ipAddress']).toBeUndefined();
    await ec2('TerminateInstances', { 'InstanceId.1': id });
    await rehearsal.settle();
    expect(await state()).toMatchObject({
      instanceState: { name: 'terminated' },
      stateReason: { code: 'Client.UserInitiatedShutdown' },
    });
    const volumes = await ec2('DescribeVolumes', { 'Filter.1.Name': 'attachment.instance-id', 'Filter.1.Value.1': id });
    expect(items(volumes.data['volumeSet'])).toEqual([]);
  });

  test('holds its security group, and an image its snapshot', async () => {
    const group = (await ec2('CreateSecurityGroup', { GroupName: 'held', GroupDescription: 'd' })).data[
      'groupId'
    ] as string;
    const { data } = await launch({ 'SecurityGroupId.1': group });
    await rehearsal.settle();
    const instance = items(data['instancesSet'])[0]!['instanceId'] as string;
    expect((await ec2('DeleteSecurityGroup', { GroupId: group })).code).toBe('DependencyViolation');
    const { id, snapshot } = await imageOf(instance, 'holds-its-snapshot');
    expect((await ec2('DeleteSnapshot', { SnapshotId: snapshot })).code).toBe('InvalidSnapshot.InUse');
    await ec2('DeregisterImage', { ImageId: id });
    expect((await ec2('DeleteSnapshot', { SnapshotId: snapshot })).code).toBeUndefined();
    await ec2('TerminateInstances', { 'InstanceId.1': instance });
    await rehearsal.settle();
    expect((await ec2('DeleteSecurityGroup', { GroupId: group })).code).toBeUndefined();
  });
});

describe('an image', () => {
  test('has a name of its own, is copied encrypted, and is shared but not where its key is the standard one', async () => {
    const instance = await running();
    const { id } = await imageOf(instance, 'golden-1');
    expect((await ec2('CreateImage', { InstanceId: instance, Name: 'golden-1' })).code).toBe(
      'InvalidAMIName.Duplicate',
    );
    expect((await ec2('CreateImage', { InstanceId: instance, Name: 'x' })).code).toBe('InvalidAMIName.Malformed');

    const virginia = client(rehearsal.endpoints['aws']!, { region: 'us-east-1' });
    const source = { SourceImageId: id, SourceRegion: 'eu-west-1', Name: 'golden-1' };
    const copy = (await virginia('CopyImage', { ...source, Encrypted: true })).data['imageId'] as string;
    expect((await virginia('CopyImage', { ...source, Name: 'golden-2', SourceRegion: 'us-east-1' })).code).toBe(
      'InvalidAMIID.NotFound',
    );
    await rehearsal.settle();
    const [copied] = items((await virginia('DescribeImages', { 'ImageId.1': copy })).data['imagesSet']);
    expect(items(copied!['blockDeviceMapping'])[0]).toMatchObject({ ebs: { encrypted: 'true' } });
    expect(
      (await virginia('ModifyImageAttribute', { ImageId: copy, 'LaunchPermission.Add.1.UserId': '210987654321' })).code,
    ).toBe('InvalidParameter');
    expect(
      (await ec2('ModifyImageAttribute', { ImageId: id, 'LaunchPermission.Add.1.Group': 'all' })).code,
    ).toBeUndefined();
    expect(
      items((await ec2('DescribeImages', { 'ExecutableBy.1': 'all', 'Owner.1': 'self' })).data['imagesSet'])[0]![
        'imageId'
      ],
    ).toBe(id);
  });

  test('that is protected is not deregistered', async () => {
    const { id } = await imageOf(await running(), 'protected');
    await ec2('EnableImageDeregistrationProtection', { ImageId: id });
    expect((await ec2('DeregisterImage', { ImageId: id })).code).toBe('OperationNotPermitted');
    await ec2('DisableImageDeregistrationProtection', { ImageId: id });
    expect((await ec2('DeregisterImage', { ImageId: id })).code).toBeUndefined();
  });
});

test('a disk that is taken in becomes a snapshot after a while', async () => {
  expect((await ec2('ImportSnapshot')).code).toBe('MissingParameter');
  const { data } = await ec2('ImportSnapshot', {
    'DiskContainer.UserBucket.S3Bucket': 'b',
    'DiskContainer.UserBucket.S3Key': 'k',
  });
  expect(data['snapshotTaskDetail']).toMatchObject({ status: 'active' });
  await rehearsal.settle();
  const tasks = await ec2('DescribeImportSnapshotTasks', { 'ImportTaskId.1': data['importTaskId'] as string });
  const [task] = items(tasks.data['importSnapshotTaskSet']);
  expect(task!['snapshotTaskDetail']).toMatchObject({
    status: 'completed',
    snapshotId: expect.stringMatching(/^snap-/),
  });
});

test('STS says who one is, and gives sessions of other accounts', async () => {
  const sts = client(rehearsal.endpoints['aws']!, { service: 'sts' });
  expect((await sts('GetCallerIdentity')).data['GetCallerIdentityResult']).toMatchObject({ Account: '123456789012' });
  const role = await sts('AssumeRole', { RoleArn: 'arn:aws:iam::210987654321:role/builder', RoleSessionName: 's' });
  const session = (role.data['AssumeRoleResult'] as Data)['Credentials'] as Readonly<Record<string, string>>;
  const { AccessKeyId: key = '', SecretAccessKey: secret = '', SessionToken: token = '' } = session;
  const other = client(rehearsal.endpoints['aws']!, { service: 'sts', key, secret, token });
  expect((await other('GetCallerIdentity')).data['GetCallerIdentityResult']).toMatchObject({ Account: '210987654321' });
});

test('public parameters name the public images of their region', async () => {
  const response = await fetch(rehearsal.endpoints['aws']!, {
    method: 'POST',
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261122/eu-west-1/ssm/aws4_request, SignedHeaders=host, Signature=0',
      'x-amz-target': 'AmazonSSM.GetParameter',
    },
    body: JSON.stringify({
      Name: '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
    }),
  });
  expect(await response.json()).toMatchObject({ Parameter: { Value: await ubuntu() } });
});

test('a template, and a fleet of it that takes the first type with a machine free', async () => {
  const template = await ec2('CreateLaunchTemplate', {
    LaunchTemplateName: 'fleet',
    'LaunchTemplateData.ImageId': await ubuntu(),
  });
  const id = (template.data['launchTemplate'] as Data)['launchTemplateId'] as string;
  const fleet = await ec2('CreateFleet', {
    Type: 'instant',
    'TargetCapacitySpecification.TotalTargetCapacity': 1,
    'TargetCapacitySpecification.DefaultTargetCapacityType': 'spot',
    'LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId': id,
    'LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version': '1',
    'LaunchTemplateConfigs.1.Overrides.1.InstanceType': 't4g.micro',
    'LaunchTemplateConfigs.1.Overrides.2.InstanceType': 't3.small',
  });
  expect(items(fleet.data['errorSet'])[0]).toMatchObject({ errorCode: 'InvalidParameterValue' });
  expect(items(fleet.data['fleetInstanceSet'])[0]).toMatchObject({ instanceType: 't3.small', lifecycle: 'spot' });
});
