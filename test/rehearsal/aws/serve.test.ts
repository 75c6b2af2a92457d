import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { describeIf } from '../../helpers/requires';
import { client, items, type Data } from '../client';
import { HAS_REHEARSAL, MAIN, NO_REHEARSAL } from './rehearsal-server';

/** Milliseconds. */
const SOON = 60_000;

interface Line {
  readonly type: string;
  readonly cloud: string;
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly seed: string;
}

interface Served {
  readonly line: Line;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

describeIf(HAS_REHEARSAL, NO_REHEARSAL, 'goldsmith rehearse --serve aws', () => {
  let dir: string;
  const running: Served[] = [];
  beforeEach(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-serve-'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((served) => served.stop()));
    fs.rmSync(dir, { recursive: true, force: true });
  }, SOON);

  /** Starts it in a folder, and gives its first line, or what it said when it ended without one. */
  async function start(args: readonly string[], folder = 'one'): Promise<Served | string> {
    const cwd = path.join(dir, folder);
    fs.mkdirSync(cwd, { recursive: true });
    const env = { ...process.env, NO_COLOR: '1' };
    const child = spawn(process.execPath, [MAIN, 'rehearse', '--serve', 'aws', ...args], { cwd, env });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const line = await new Promise<Line | undefined>((resolve) => {
      createInterface(child.stdout).once('line', (text) => resolve(JSON.parse(text) as Line));
      void ended.then(() => resolve(undefined));
    });
    if (!line) return said;
    const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
      child.kill(signal);
      return ended;
    };
    const served = { line, stop };
    running.push(served);
    return served;
  }

  async function up(args: readonly string[] = [], folder = 'one'): Promise<Served> {
    const served = await start(args, folder);
    if (typeof served === 'string') throw new Error(served);
    return served;
  }

  test(
    'says its endpoint as a line of JSON, is not disturbed by another, and ends by SIGTERM',
    async () => {
      const [one, two] = await Promise.all([up(['--seed', 's']), up([], 'two')]);
      expect(one.line).toMatchObject({ type: 'endpoint', cloud: 'aws', seed: 's' });
      expect(one.line.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(one.line.endpoint).not.toBe(two.line.endpoint);
      expect(one.line.environment).toMatchObject({
        AWS_ENDPOINT_URL: one.line.endpoint,
        AWS_ACCESS_KEY_ID: 'GOLDSMITHREHEARSAL',
        AWS_EC2_METADATA_DISABLED: 'true',
      });
      expect((await client(one.line.endpoint)('DescribeRegions')).status).toBe(200);
      expect(await one.stop()).toBe(0);
      await expect(client(one.line.endpoint)('DescribeRegions')).rejects.toThrow('fetch failed');
      expect((await client(two.line.endpoint)('DescribeRegions')).status).toBe(200);
    },
    SOON,
  );

  test(
    'takes the port that it is told, and says when that is taken',
    async () => {
      const first = await up();
      const { port } = new URL(first.line.endpoint);
      expect(await start(['--port', port], 'two')).toContain(
        `the port is ${port}, at which another program listens already`,
      );
      await first.stop();
      expect((await up(['--port', port], 'two')).line.endpoint).toBe(first.line.endpoint);
      expect(await start(['--port', 'x'], 'three')).toContain('--port is "x"');
    },
    SOON,
  );

  test(
    'with a state folder it comes back with images, snapshots, keys and texts, and without instances',
    async () => {
      const args = ['--state', path.join(dir, 'state'), '--speed', '1000', '--seed', 'same'];
      const first = await up(args);
      const ec2 = client(first.line.endpoint);
      const found = await ec2('DescribeImages', {
        'Owner.1': '099720109477',
        'Filter.1.Name': 'architecture',
        'Filter.1.Value.1': 'x86_64',
      });
      const base = String(items(found.data['imagesSet'])[0]!['imageId']);
      await ec2('CreateKeyPair', { KeyName: 'mine', KeyType: 'ed25519' });
      const ran = await ec2('RunInstances', {
        ImageId: base,
        MinCount: 1,
        MaxCount: 1,
        InstanceType: 't3.micro',
        KeyName: 'mine',
      });
      const InstanceId = String(items(ran.data['instancesSet'])[0]!['instanceId']);
      const state = async (): Promise<unknown> => {
        const { data } = await ec2('DescribeInstances', { 'InstanceId.1': InstanceId });
        return (items(items(data['reservationSet'])[0]!['instancesSet'])[0]!['instanceState'] as Data)['name'];
      };
      while ((await state()) !== 'running') await new Promise(setImmediate);
      const made = await ec2('CreateImage', {
        InstanceId,
        Name: 'golden',
        'TagSpecification.1.ResourceType': 'image',
        'TagSpecification.1.Tag.1.Key': 'a',
        'TagSpecification.1.Tag.1.Value': 'b',
      });
      const image = String(made.data['imageId']);
      const imageState = async (endpoint: string): Promise<unknown> => {
        const { data } = await client(endpoint)('DescribeImages', { 'ImageId.1': image });
        return items(data['imagesSet'])[0]?.['imageState'];
      };
      while ((await imageState(first.line.endpoint)) !== 'available') await new Promise(setImmediate);
      expect(await first.stop()).toBe(0);

      const second = await up(args);
      const again = client(second.line.endpoint);
      const { data } = await again('DescribeImages', { 'ImageId.1': image });
      expect(items(data['imagesSet'])).toMatchObject([
        { name: 'golden', imageState: 'available', tagSet: [{ key: 'a', value: 'b' }] },
      ]);
      expect(items((await again('DescribeSnapshots', { 'Owner.1': 'self' })).data['snapshotSet'])).toHaveLength(1);
      expect(items((await again('DescribeKeyPairs')).data['keySet'])).toMatchObject([{ keyName: 'mine' }]);
      expect(items((await again('DescribeInstances')).data['reservationSet'])).toEqual([]);
      // What was captured is still there to start from, and the same seed gives no id twice.
      const next = await again('RunInstances', { ImageId: image, MinCount: 1, MaxCount: 1, InstanceType: 't3.micro' });
      const started = items(next.data['instancesSet'])[0]!;
      expect(started['instanceId']).not.toBe(InstanceId);
      const running = async (): Promise<unknown> => {
        const answer = await again('DescribeInstances', { 'InstanceId.1': String(started['instanceId']) });
        return (items(items(answer.data['reservationSet'])[0]!['instancesSet'])[0]!['instanceState'] as Data)['name'];
      };
      while ((await running()) === 'pending') await new Promise(setImmediate);
      expect(await running()).toBe('running');
      expect((await again('CreateImage', { InstanceId: String(started['instanceId']), Name: 'golden' })).code).toBe(
        'InvalidAMIName.Duplicate',
      );
    },
    2 * SOON,
  );

  test(
    'lets in only the keys that it gave, with a right signature that is not too old',
    async () => {
      const { line } = await up();
      const code = async (options: NonNullable<Parameters<typeof client>[1]>): Promise<string | undefined> =>
        (await client(line.endpoint, options)(options.service === undefined ? 'DescribeRegions' : 'GetCallerIdentity'))
          .code;
      const old = new Date(Date.now() - 20 * 60_000);
      expect(await code({})).toBeUndefined();
      expect(await code({ secret: 'wrong' })).toBe('AuthFailure');
      expect(await code({ key: 'AKIAEXAMPLE' })).toBe('AuthFailure');
      expect(await code({ now: old })).toBe('RequestExpired');
      expect(await code({ service: 'sts', secret: 'wrong' })).toBe('SignatureDoesNotMatch');
      expect(await code({ service: 'sts', key: 'AKIAEXAMPLE' })).toBe('InvalidClientTokenId');
      const role = { RoleArn: 'arn:aws:iam::210987654321:role/builder', RoleSessionName: 's' };
      const sts = await client(line.endpoint, { service: 'sts' })('AssumeRole', role);
      const session = (sts.data['AssumeRoleResult'] as Data)['Credentials'] as Readonly<Record<string, string>>;
      const { AccessKeyId: key = '', SecretAccessKey: secret = '', SessionToken: token = '' } = session;
      expect(await code({ key, secret, token })).toBeUndefined();
      expect(await code({ key, secret })).toBe('AuthFailure');
      const open = await up(['--any-key'], 'two');
      expect((await client(open.line.endpoint, { key: 'AKIAEXAMPLE' })('DescribeRegions')).status).toBe(200);
    },
    SOON,
  );
});
