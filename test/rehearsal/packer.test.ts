import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeIf } from '../helpers/requires';
import { has, isRoot } from '../platforms/sandbox/able';
import { client, items, type Data } from './client';
import { rehearse, type Rehearsing } from './context';

const isAble = isRoot && has('packer') && has('ssh');

describeIf(
  isAble,
  'Packer 1.6 and ssh are needed, and root: apt-get install packer openssh-client',
  "Packer's amazon-ebs",
  () => {
    let folder: string;
    let rehearsal: Rehearsing;

    beforeAll(async () => {
      folder = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-packer-'));
      rehearsal = await rehearse({ speed: 200 });
    });
    afterAll(async () => {
      await rehearsal.close();
      await fs.rm(folder, { recursive: true, force: true });
    });

    test('builds an AMI with shell and file provisioners, copies it, shares it and tags it; what starts from the copy has the files', async () => {
      const output = await build(folder, rehearsal.endpoints['aws']!);

      expect(output).toContain('amazon-ebs: hello from /home/ubuntu');
      const ids = Object.fromEntries(
        [...output.matchAll(/^((?:eu|us)-\w+-\d): (ami-[0-9a-f]{17})/gm)].map(([, region, id]) => [region, id!]),
      );
      expect(Object.keys(ids).sort()).toEqual(['eu-west-1', 'us-east-1']);

      const ec2 = client(rehearsal.endpoints['aws']!, { region: 'eu-west-1' });
      const [image] = items((await ec2('DescribeImages', { 'ImageId.1': ids['eu-west-1']! })).data['imagesSet']);
      expect(image).toMatchObject({
        imageState: 'available',
        tagSet: [{ key: 'OS', value: 'Ubuntu' }],
        isPublic: 'false',
      });
      const attribute = await ec2('DescribeImageAttribute', {
        ImageId: ids['eu-west-1']!,
        Attribute: 'launchPermission',
      });
      expect(attribute.data['launchPermission']).toEqual([{ userId: '210987654321' }]);
      const snapshot = (items(image!['blockDeviceMapping'])[0]!['ebs'] as Data)['snapshotId'] as string;
      const shared = await ec2('DescribeSnapshotAttribute', {
        SnapshotId: snapshot,
        Attribute: 'createVolumePermission',
      });
      expect(shared.data['createVolumePermission']).toEqual([{ userId: '210987654321' }]);

      expect(await printedBy(ec2, folder, ids['eu-west-1']!, 'cat /etc/built /opt/note.txt')).toBe(
        'built\nfrom a file\n',
      );
    }, 120_000);

    test('leaves nothing behind but images and their snapshots', async () => {
      await rehearsal.settle();
      const left = rehearsal
        .inventory()
        .filter(
          ({ deletedAt, kind, detail }) => deletedAt === undefined && !/check/.test(detail) && kind !== 'instance',
        );
      expect(new Set(left.filter(({ lasts }) => !lasts).map(({ kind }) => kind))).toEqual(new Set());
      expect(rehearsal.warnings).toEqual([]);
    });
  },
);

async function build(folder: string, endpoint: string): Promise<string> {
  await fs.writeFile(path.join(folder, 'note.txt'), 'from a file\n');
  const builder = {
    type: 'amazon-ebs',
    access_key: 'AKIAIOSFODNN7EXAMPLE',
    secret_key: 'x',
    region: 'us-east-1',
    custom_endpoint_ec2: endpoint,
    skip_credential_validation: true,
    skip_metadata_api_check: true,
    source_ami_filter: {
      filters: {
        name: 'ubuntu/images/*',
        'root-device-type': 'ebs',
        'virtualization-type': 'hvm',
        architecture: 'x86_64',
      },
      owners: ['099720109477'],
      most_recent: true,
    },
    instance_type: 't3.micro',
    ssh_username: 'ubuntu',
    ami_name: 'packer-{{timestamp}}',
    ami_regions: ['eu-west-1'],
    ami_users: ['210987654321'],
    snapshot_users: ['210987654321'],
    tags: { OS: 'Ubuntu' },
    run_tags: { Name: 'builder' },
    snapshot_tags: { S: '1' },
    launch_block_device_mappings: [
      { device_name: '/dev/sda1', volume_size: 12, volume_type: 'gp2', delete_on_termination: true },
    ],
  };
  const template = {
    builders: [builder],
    provisioners: [
      { type: 'shell', inline: ['echo "hello from $(pwd)"', 'echo built | sudo tee /etc/built'] },
      { type: 'file', source: 'note.txt', destination: '/tmp/note.txt' },
      { type: 'shell', inline: ['sudo mkdir -p /opt && sudo mv /tmp/note.txt /opt/note.txt'] },
    ],
  };
  await fs.writeFile(path.join(folder, 'template.json'), JSON.stringify(template));
  const { code, output } = await run('packer', ['build', '-color=false', 'template.json'], folder);
  if (code !== 0) throw new Error(output);
  return output;
}

/** What a command prints on an instance that starts from an image; it is terminated afterwards. */
async function printedBy(
  ec2: ReturnType<typeof client>,
  folder: string,
  image: string,
  command: string,
): Promise<string> {
  const key = await ec2('CreateKeyPair', { KeyName: 'check' });
  const file = path.join(folder, 'key');
  await fs.writeFile(file, `${key.data['keyMaterial'] as string}\n`, { mode: 0o600 });
  const group = (await ec2('CreateSecurityGroup', { GroupName: 'check', GroupDescription: 'check' })).data[
    'groupId'
  ] as string;
  await ec2('AuthorizeSecurityGroupIngress', {
    GroupId: group,
    IpProtocol: 'tcp',
    FromPort: 22,
    ToPort: 22,
    CidrIp: '0.0.0.0/0',
  });
  const launched = await ec2('RunInstances', {
    ImageId: image,
    InstanceType: 't3.micro',
    MinCount: 1,
    MaxCount: 1,
    KeyName: 'check',
    'SecurityGroupId.1': group,
  });
  const id = items(launched.data['instancesSet'])[0]!['instanceId'] as string;
  try {
    const address = await addressOf(ec2, id);
    const options = [
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
      '-o',
      'ConnectionAttempts=20',
    ];
    const { output } = await run('ssh', [...options, '-i', file, `ubuntu@${address}`, command], folder);
    return output;
  } finally {
    await ec2('TerminateInstances', { 'InstanceId.1': id });
    while ((await ec2('DeleteSecurityGroup', { GroupId: group })).code === 'DependencyViolation') await sleep(50);
    await ec2('DeleteKeyPair', { KeyName: 'check' });
  }
}

/** The address of an instance, once the checks of its status are passed. */
async function addressOf(ec2: ReturnType<typeof client>, id: string): Promise<string> {
  for (;;) {
    const [status] = items((await ec2('DescribeInstanceStatus', { 'InstanceId.1': id })).data['instanceStatusSet']);
    if ((status?.['instanceStatus'] as Data | undefined)?.['status'] === 'ok') break;
    await sleep(20);
  }
  const [reservation] = items((await ec2('DescribeInstances', { 'InstanceId.1': id })).data['reservationSet']);
  return items(reservation!['instancesSet'])[0]!['ipAddress'] as string;
}

async function run(file: string, args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  const env = {
    PATH: process.env['PATH'],
    HOME: cwd,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_POLL_DELAY_SECONDS: '1',
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: path.join(cwd, 'cache'),
  };
  const child = spawn(file, args, { cwd, env });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 255)));
  return { code, output };
}
