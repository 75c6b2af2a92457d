import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Io } from '../../../lib/cli/io';
import { program } from '../../../lib/cli/program';
import { ownIdentity } from '../../../lib/util/identity';
import { client, items } from '../../rehearsal/client';
import { rehearse, type Rehearsing } from '../../rehearsal/context';

const RUN = '20261101-120000-abcdef';

/** Tags as the query protocols have them. */
function tags(type: string | undefined, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all = { 'dev.goldsmith.run': RUN, 'dev.goldsmith.app': 'acme', 'dev.goldsmith.node': 'Core/Aws', ...more };
  const prefix = type === undefined ? 'Tags.member' : 'TagSpecification.1.Tag';
  return {
    ...(type !== undefined && { 'TagSpecification.1.ResourceType': type }),
    ...Object.fromEntries(
      Object.entries(all).flatMap(([key, value], index) => [
        [`${prefix}.${index + 1}.Key`, key],
        [`${prefix}.${index + 1}.Value`, value],
      ]),
    ),
  };
}

describe('recover --search amazon-ebs', () => {
  let dir: string;
  let rehearsal: Rehearsing;
  beforeEach(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-search-'));
    rehearsal = await rehearse({ machines: false, speed: 5000 });
    await litter();
  });
  afterEach(async () => {
    await rehearsal.close();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  const at = (region = 'eu-west-1', service = 'ec2'): ReturnType<typeof client> =>
    client(rehearsal.endpoints['aws']!, { region, service });

  /** What a build may leave that died with its machine, and beside it something of somebody else. */
  async function litter(): Promise<void> {
    const ec2 = at();
    await ec2('CreateKeyPair', {
      KeyName: 'k',
      KeyType: 'ed25519',
      ...tags('key-pair', { 'dev.goldsmith.token': 'k' }),
    });
    await ec2('CreateKeyPair', { KeyName: 'mine', KeyType: 'ed25519' });
    const group = { GroupName: 'g', GroupDescription: 'd', ...tags('security-group', { 'dev.goldsmith.token': 'g' }) };
    await at('us-east-1')('CreateSecurityGroup', group);
    const base = await ec2('DescribeImages', {
      'Owner.1': '099720109477',
      'Filter.1.Name': 'architecture',
      'Filter.1.Value.1': 'x86_64',
    });
    const ImageId = String(items(base.data['imagesSet'])[0]!['imageId']);
    const launch = { ImageId, MinCount: 1, MaxCount: 1, InstanceType: 't3.micro' };
    await ec2('RunInstances', { ...launch, ...tags('instance', { 'dev.goldsmith.token': 'i' }) });
    const copy = { Name: 'finished', SourceImageId: ImageId, SourceRegion: 'eu-west-1' };
    const done = { 'dev.goldsmith.token': 'f', 'dev.goldsmith.state': 'published' };
    await ec2('CopyImage', { ...copy, ...tags('image', done) });
    const iam = at('us-east-1', 'iam');
    const RoleName = 'goldsmith-r';
    const path = { Path: '/goldsmith/' };
    await iam('CreateRole', {
      RoleName,
      ...path,
      AssumeRolePolicyDocument: '{}',
      ...tags(undefined, { 'dev.goldsmith.token': 'r' }),
    });
    const profile = { InstanceProfileName: 'goldsmith-p' };
    await iam('CreateInstanceProfile', { ...profile, ...path, ...tags(undefined, { 'dev.goldsmith.token': 'p' }) });
    await iam('AddRoleToInstanceProfile', { ...profile, RoleName });
  }

  /** What is still there of what was made here, without what goes with it. */
  const left = (): string[] =>
    rehearsal
      .inventory()
      .filter(({ deletedAt, kind }) => deletedAt === undefined && kind !== 'volume' && kind !== 'snapshot')
      .map(({ kind }) => kind)
      .sort();

  async function run(args: readonly string[], answer?: string): Promise<{ status: number; printed: string }> {
    const stdout = new PassThrough();
    const stdin = new PassThrough();
    if (answer !== undefined) stdin.end(`${answer}\n`);
    const io: Io = {
      stdin: stdin as unknown as Io['stdin'],
      stdout,
      stderr: stdout,
      cwd: dir,
      env: { ...rehearsal.environment, HOME: dir },
      colour: false,
      isTty: answer !== undefined,
      command: 'goldsmith',
      size: () => ({ columns: 80, rows: 24 }),
      onInterrupt: () => () => undefined,
      exit: () => {
        throw new Error('it left');
      },
    };
    const status = await program(['recover', '--search', 'amazon-ebs', ...args], io);
    await rehearsal.settle();
    return { status, printed: String(stdout.read() ?? '') };
  }

  const EVERYTHING = ['image', 'instance', 'instance profile', 'key pair', 'key pair', 'role', 'security group'];

  test('shows what it found in all regions, and leaves alone what may be of a run that goes on elsewhere', async () => {
    const { status, printed } = await run(['--yes']);
    expect(status).toBe(0);
    expect(printed).toMatch(new RegExp(`^run ${RUN} of acme, .* old: may go on elsewhere: left alone`));
    for (const kind of ['instance', 'key-pair', 'security-group', 'instance-profile', 'role']) {
      expect(printed).toMatch(new RegExp(`^  amazon-ebs:${kind} .* in [a-z]+-[a-z]+-\\d$`, 'm'));
    }
    expect(printed).not.toContain('amazon-ebs:image');
    expect(left()).toEqual(EVERYTHING);
  });

  test('deletes what is old, or named, where somebody says yes; finished images and what is not its own stay', async () => {
    const [unasked, no, yes] = [
      await run(['--older-than', '0s']),
      await run(['--older-than', '0s'], 'no'),
      await run([RUN], 'yes'),
    ];
    expect(unasked).toMatchObject({ status: 3, printed: expect.stringContaining('say yes with --yes') as string });
    expect(no.status).toBe(3);
    expect(no.printed).toContain('delete 5 things of 1 run?');
    expect(yes.status).toBe(0);
    expect(yes.printed.match(/deleted amazon-ebs:/g)).toHaveLength(5);
    expect(left()).toEqual(['image', 'key pair']);
    expect(await run(['--older-than', '0s', '--yes'])).toEqual({ status: 0, printed: 'no run left anything behind\n' });
  });

  test('never takes what a live run of this machine made, nor what its catalog knows', async () => {
    const folder = path.join(dir, '.goldsmith', 'runs', RUN);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'owner.json'), JSON.stringify(ownIdentity()));
    expect((await run(['--older-than', '0s', '--yes'])).printed).toContain('goes on here');
    await expect(run([RUN, '--yes'])).rejects.toMatchObject({ code: 'RUN_BUSY' });
    await expect(run(['20200101-000000-nothin', '--yes'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(left()).toEqual(EVERYTHING);
    const nodes = path.join(dir, '.goldsmith', 'store', 'nodes');
    fs.mkdirSync(nodes, { recursive: true });
    fs.writeFileSync(path.join(nodes, 'x.json'), JSON.stringify({ artifact: { resources: [{ token: 'k' }] } }));
    expect((await run([])).printed).not.toContain('amazon-ebs:key-pair');
  });

  test('says what it can search', async () => {
    await expect(run(['--search', 'docker'])).rejects.toMatchObject({ code: 'BAD_USAGE' });
  });
});
