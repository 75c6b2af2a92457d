import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  CreateInstanceConnectEndpointCommand,
  DeleteInstanceConnectEndpointCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  App,
  FileProvisioner,
  Image,
  ShellLocalProvisioner,
  ShellProvisioner,
  ssh,
  WindowsShellProvisioner,
  winrm,
} from '../../../lib';
import { WsmanServer } from '../../communicators/winrm/helpers/wsman';
import { createKeyPair } from '../../../lib/communicators/ssh/key-pair';
import { AmazonEbsSource, type AmazonEbsSourceProps } from '../../../lib/platforms/aws';
import { describeIf } from '../../helpers/requires';
import { startProxy, type AwsProxy } from '../../rehearsal/aws/proxy';
import { rehearse, type Rehearsing } from '../../rehearsal/context';
import { isRoot } from '../sandbox/able';

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What the agent of an instance must be allowed. */
const AGENT = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow' as const, Action: ['ssm:UpdateInstanceInformation', 'ssmmessages:*'], Resource: ['*'] },
  ],
};

describeIf(isRoot, 'root on Linux is needed for machines', 'an instance that no open port leads to', () => {
  let folder: string;
  let rehearsal: Rehearsing;
  /** Holds each call against the published model, where that is here. */
  let proxy: AwsProxy;
  let onEvent: (line: string) => void = () => undefined;

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-connections-'));
    rehearsal = await rehearse({ speed: 1000 });
    proxy = await startProxy({ target: rehearsal.endpoints['aws']! });
  }, 60_000);
  afterAll(async () => {
    await proxy.stop();
    await rehearsal.close();
    await fs.rm(folder, { recursive: true, force: true });
  }, 60_000);

  async function build(props: Partial<AmazonEbsSourceProps>, more: (image: Image) => void = hello) {
    const lines: string[] = [];
    const app = new App('reached', { baseDir: folder, variables: {} });
    const image = new Image(app, 'Core');
    new AmazonEbsSource(image, 'Aws', {
      region: 'eu-west-1',
      instanceType: 't3.micro',
      sourceAmiFilter: {
        filters: { name: 'ubuntu/images/*-24.04-amd64-*' },
        owners: ['099720109477'],
        mostRecent: true,
      },
      ...props,
    } as AmazonEbsSourceProps);
    more(image);
    const pointed = { ...rehearsal.environment, AWS_ENDPOINT_URL: proxy.url };
    const env = { PATH: process.env['PATH'], HOME: folder, ...pointed };
    const report = await app.build({
      env,
      force: true,
      onEvent: (event) => {
        if ('text' in event) lines.push(String(event.text));
        onEvent(lines.at(-1) ?? '');
      },
    });
    await rehearsal.settle();
    return { report, printed: lines.join('\n') };
  }

  const ec2 = (): EC2Client =>
    new EC2Client({
      region: 'eu-west-1',
      endpoint: rehearsal.endpoints['aws']!,
      credentials: { accessKeyId: 'GOLDSMITHREHEARSAL', secretAccessKey: 'rehearsal' },
    });
  const left = (kind: string) =>
    rehearsal.inventory().filter((entry) => entry.kind === kind && entry.deletedAt === undefined);
  const made = (kind: string) => rehearsal.inventory().filter((entry) => entry.kind === kind).length;

  function hello(image: Image): void {
    new ShellProvisioner(image, 'Hello', { inline: ['echo "hello from $(id -un)" | tee /tmp/hello'] });
  }

  /** Has EC2 restart the instance, and runs a command on it after that. */
  function reboots(image: Image): void {
    hello(image);
    const authorization =
      'AWS4-HMAC-SHA256 Credential=ANYBODY/20261122/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0';
    const script = `
      const call = (body) => fetch(process.env.AWS_ENDPOINT_URL, {
        method: 'POST', headers: { authorization: '${authorization}' }, body: new URLSearchParams(body) }).then((a) => a.text());
      (async () => {
        const all = await call({ Action: 'DescribeInstances', 'Filter.1.Name': 'instance-state-name', 'Filter.1.Value.1': 'running' });
        const [, id] = /<instanceId>(.*?)</.exec(all);
        console.log(await call({ Action: 'RebootInstances', 'InstanceId.1': id }));
      })();`;
    new ShellLocalProvisioner(image, 'Restart', { inline: [`node -e '${script.replaceAll("'", `'"'"'`)}'`] });
    new ShellProvisioner(image, 'Again', { inline: ['[ -e /tmp/hello ] && echo hello again'] });
  }

  test('is built by Session Manager, without a security group, also when the instance restarts', async () => {
    const groups = made('security group');
    const { report, printed } = await build(
      {
        sshInterface: 'session_manager',
        temporaryIamInstanceProfilePolicyDocument: AGENT,
        communicator: ssh({ username: 'ubuntu' }),
      },
      reboots,
    );
    expect(report.nodes.map(({ state, error }) => error?.message ?? state)).toEqual(['succeeded']);
    expect(printed).toContain('hello from');
    expect(printed).toContain('hello again');
    // One before the restart, of which the agent knows nothing afterwards, and one after it.
    expect(made('session')).toBe(2);
    expect(left('session')).toEqual([]);
    expect(proxy.counts()).toMatchObject({ StartSession: expect.any(Number), TerminateSession: 2 });
    expect([...proxy.problems('request'), ...proxy.problems('response')]).toEqual([]);
    expect(made('security group')).toBe(groups);
  }, 60_000);

  test('whose agent may not connect is not waited for longer than is said, and what it lacks is named', async () => {
    const { report, printed } = await build({
      sshInterface: 'session_manager',
      communicator: ssh({ username: 'ubuntu', timeout: '1s' }),
    });
    expect(printed).toContain('unless the account manages all its instances, their agents may not connect');
    expect(report).toMatchObject({
      ok: false,
      nodes: [
        {
          error: {
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/^Session Manager did not reach i-\w+ in 1 s: .* is not connected$/),
            hint: expect.stringContaining('AmazonSSMManagedInstanceCore'),
          },
        },
      ],
    });
    expect([...left('instance'), ...left('key pair'), ...left('session')]).toEqual([]);
  }, 60_000);

  test('is built by EC2 Instance Connect with a key of its own, which no key pair holds', async () => {
    const pairs = made('key pair');
    const { report } = await build(
      { sshInterface: 'instance_connect', communicator: ssh({ username: 'ubuntu' }) },
      (image) => new FileProvisioner(image, 'File', { content: 'lent', destination: '/tmp/lent' }),
    );
    expect(report.nodes.map(({ state, error }) => error?.message ?? state)).toEqual(['succeeded']);
    expect(made('key pair')).toBe(pairs);
  }, 60_000);

  test('is reached through an EC2 Instance Connect Endpoint, and its port by other tools through Session Manager', async () => {
    const file = path.join(folder, 'own.pem');
    await fs.writeFile(file, createKeyPair('ed25519').privateKey, { mode: 0o600 });
    const communicator = ssh({ username: 'ubuntu', privateKeyFile: file });
    const subnets = await ec2().send(new DescribeSubnetsCommand({}));
    const { InstanceConnectEndpoint } = await ec2().send(
      new CreateInstanceConnectEndpointCommand({ SubnetId: subnets.Subnets![0]!.SubnetId! }),
    );
    const instanceConnectEndpointId = InstanceConnectEndpoint!.InstanceConnectEndpointId!;
    const byEndpoint = await build({ sshInterface: 'instance_connect', instanceConnectEndpointId, communicator });
    expect(byEndpoint.report).toMatchObject({ ok: true });
    await ec2().send(
      new DeleteInstanceConnectEndpointCommand({ InstanceConnectEndpointId: instanceConnectEndpointId }),
    );

    // The key of the file is lent here as well, as Packer does.
    const port = await freePort();
    const bySession = await build(
      {
        sshInterface: 'session_manager',
        sessionManagerPort: port,
        temporaryIamInstanceProfilePolicyDocument: AGENT,
        communicator,
      },
      (image) =>
        new ShellLocalProvisioner(image, 'Other', {
          inline: [
            `node -e 'require("net").connect(${port}, "127.0.0.1").once("data", (d) => { console.log("it says " + d); process.exit() })'`,
          ],
        }),
    );
    expect(bySession.report).toMatchObject({ ok: true });
    expect(bySession.printed).toContain('it says SSH-2.0-');
  }, 60_000);

  test('is reached by WinRM through Session Manager', async () => {
    const windows = await new WsmanServer().start();
    const behind = new Set<net.Server>();
    // The instance itself is none of Windows: what answers at its address leads to one that the tests play.
    onEvent = (line) => {
      const [, id] = /^(i-\w+) runs/.exec(line) ?? [];
      if (id === undefined) return;
      onEvent = () => undefined;
      void ec2()
        .send(new DescribeInstancesCommand({ InstanceIds: [id] }))
        .then(({ Reservations }) => {
          const server = net.createServer((socket) => {
            const end = net.connect(windows.port, '127.0.0.1').on('error', () => socket.destroy());
            socket
              .on('error', () => end.destroy())
              .pipe(end)
              .pipe(socket);
          });
          behind.add(server.listen(windows.port, Reservations![0]!.Instances![0]!.PrivateIpAddress));
        });
    };
    try {
      const { report, printed } = await build(
        {
          sshInterface: 'session_manager',
          temporaryIamInstanceProfilePolicyDocument: AGENT,
          communicator: winrm({ username: 'admin', password: 'correct horse', port: windows.port }),
        },
        (image) => new WindowsShellProvisioner(image, 'Hello', { inline: ['echo hello from windows'] }),
      );
      expect(report).toMatchObject({ ok: true });
      expect(printed).toContain('hello from windows');
    } finally {
      for (const server of behind) server.close();
      await windows.stop();
    }
  }, 60_000);
});
