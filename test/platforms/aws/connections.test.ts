import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, FileProvisioner, Image, ShellProvisioner, ssh } from '../../../lib';
import { createKeyPair } from '../../../lib/communicators/ssh/key-pair';
import { AmazonEbsSource, type AmazonEbsSourceProps } from '../../../lib/platforms/aws';
import { describeIf } from '../../helpers/requires';
import { rehearse, type Rehearsing } from '../../rehearsal/context';
import { isRoot } from '../sandbox/able';

/** What the agent of an instance must be allowed. */
const AGENT = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow' as const, Action: ['ssm:UpdateInstanceInformation', 'ssmmessages:*'], Resource: ['*'] }],
};

describeIf(isRoot, 'root on Linux is needed for machines', 'an instance that no open port leads to', () => {
  let folder: string;
  let rehearsal: Rehearsing;

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-connections-'));
    rehearsal = await rehearse({ speed: 1000 });
  }, 60_000);
  afterAll(async () => {
    await rehearsal.close();
    await fs.rm(folder, { recursive: true, force: true });
  }, 60_000);

  async function build(props: Partial<AmazonEbsSourceProps>, more: (image: Image) => void = () => undefined) {
    const lines: string[] = [];
    const app = new App('reached', { baseDir: folder, variables: {} });
    const image = new Image(app, 'Core');
    new AmazonEbsSource(image, 'Aws', {
      region: 'eu-west-1',
      instanceType: 't3.micro',
      sourceAmiFilter: { filters: { name: 'ubuntu/images/*-24.04-amd64-*' }, owners: ['099720109477'], mostRecent: true },
      ...props,
    } as AmazonEbsSourceProps);
    new ShellProvisioner(image, 'Hello', { inline: ['echo "hello from $(id -un)" | tee /tmp/hello'] });
    more(image);
    const env = { PATH: process.env['PATH'], HOME: folder, ...rehearsal.environment };
    const report = await app.build({
      env,
      noCache: true,
      onEvent: (event) => {
        if ('text' in event) lines.push(String(event.text));
      },
    } as never);
    await rehearsal.settle();
    return { report, printed: lines.join('\n') };
  }

  const left = (kind: string) =>
    rehearsal.inventory().filter((entry) => entry.kind === kind && entry.deletedAt === undefined);
  const made = (kind: string) => rehearsal.inventory().filter((entry) => entry.kind === kind).length;

  test('is built by Session Manager, without a security group', async () => {
    const groups = made('security group');
    const { report, printed } = await build({
      sshInterface: 'session_manager',
      temporaryIamInstanceProfilePolicyDocument: AGENT,
      communicator: ssh({ username: 'ubuntu' }),
    });
    console.error(printed, JSON.stringify(report, null, 1), rehearsal.inventory());
    expect(report).toMatchObject({ ok: true });
    expect(printed).toContain('hello from');
    expect(made('session')).toBe(1);
    expect(left('session')).toEqual([]);
    expect(made('security group')).toBe(groups);
  }, 60_000);
});
void net; void createKeyPair; void FileProvisioner;
