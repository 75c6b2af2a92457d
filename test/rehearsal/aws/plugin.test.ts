import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { EC2Client, ImportKeyPairCommand, RunInstancesCommand, DescribeImagesCommand } from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { DescribeInstanceInformationCommand, SSMClient, StartSessionCommand } from '@aws-sdk/client-ssm';
import { createKeyPair } from '../../../lib/communicators/ssh/key-pair';
import { has } from '../../helpers/programs';
import { describeIf } from '../../helpers/requires';
import { isRoot } from '../../platforms/sandbox/able';
import { rehearse, type Rehearsing } from '../context';

const CACHE = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
/** AWS's own client of Session Manager, where `make-plugin.sh` has made it. */
const PLUGIN =
  process.env['GOLDSMITH_SESSION_MANAGER_PLUGIN'] ?? path.join(CACHE, 'goldsmith-ci/session-manager-plugin');
const isHere = fs.existsSync(PLUGIN) && isRoot && has('ssh');

const TITLE = "AWS's session-manager-plugin, asked for a port of an instance";
const HOW = `${PLUGIN} is made by test/rehearsal/aws/make-plugin.sh, with Go; and ssh, and root on Linux`;

// Not everybody has Go: where no plugin was named, nothing requires it.
if (isHere || process.env['GOLDSMITH_SESSION_MANAGER_PLUGIN'] !== undefined) describeIf(isHere, HOW, TITLE, body);
else describe.skip(`${TITLE} [skipped: ${HOW}; where there is none, nothing requires it]`, body);

function body(): void {
  let folder: string;
  let rehearsal: Rehearsing;
  let plugin: ChildProcess | undefined;
  const region = 'eu-west-1';

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-plugin-'));
    rehearsal = await rehearse({ speed: 1000 });
  }, 60_000);
  afterAll(async () => {
    plugin?.kill('SIGKILL');
    await rehearsal.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test('leads OpenSSH there, several times at once, and loses nothing', async () => {
    const { publicKey, privateKey } = createKeyPair('ed25519');
    const keyFile = path.join(folder, 'key');
    fs.writeFileSync(keyFile, privateKey, { mode: 0o600 });
    const instance = await launch(publicKey);
    const { port, ended } = await tunnelTo(instance);

    const ssh = (command: string, input = Buffer.alloc(0)): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const options = [
          '-o',
          'StrictHostKeyChecking=no',
          '-o',
          'UserKnownHostsFile=/dev/null',
          '-o',
          'LogLevel=ERROR',
        ];
        const args = ['-p', port, '-i', keyFile, ...options, 'ubuntu@127.0.0.1', command];
        const child = execFile('ssh', args, { encoding: 'buffer', maxBuffer: 1e8, timeout: 40_000 }, (error, stdout) =>
          error ? reject(error) : resolve(stdout),
        );
        child.stdin!.end(input);
      });
    const sent = randomBytes(300_000);
    await ssh('cat > /tmp/sent', sent);
    const back = await Promise.all([1, 2, 3].map(() => ssh('cat /tmp/sent')));
    expect(back.map((one) => one.equals(sent))).toEqual([true, true, true]);

    plugin!.kill('SIGINT');
    await ended;
    const [session] = rehearsal.inventory().filter(({ kind }) => kind === 'session');
    expect(session).toMatchObject({ detail: `${instance}, port 22`, deletedAt: expect.any(Number) });
  }, 60_000);

  function options() {
    const credentials = { accessKeyId: 'GOLDSMITHREHEARSAL', secretAccessKey: 'rehearsal' };
    return { region, credentials, endpoint: rehearsal.endpoints['aws']! };
  }

  async function launch(publicKey: string): Promise<string> {
    const ec2 = new EC2Client(options());
    const iam = new IAMClient(options());
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore';
    await iam.send(new CreateRoleCommand({ RoleName: 'managed', AssumeRolePolicyDocument: '{}' }));
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'managed', PolicyArn }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: 'managed' }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'managed', RoleName: 'managed' }));
    await ec2.send(new ImportKeyPairCommand({ KeyName: 'own', PublicKeyMaterial: Buffer.from(publicKey) }));
    const Filters = [{ Name: 'architecture', Values: ['x86_64'] }];
    const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['099720109477'], Filters }));
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: Images![0]!.ImageId!,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        KeyName: 'own',
        IamInstanceProfile: { Name: 'managed' },
      }),
    );
    await rehearsal.settle();
    const { InstanceInformationList } = await new SSMClient(options()).send(new DescribeInstanceInformationCommand({}));
    expect(InstanceInformationList).toMatchObject([{ PingStatus: 'Online' }]);
    return Instances![0]!.InstanceId!;
  }

  async function tunnelTo(Target: string): Promise<{ readonly port: string; readonly ended: Promise<unknown> }> {
    const asked = { Target, DocumentName: 'AWS-StartPortForwardingSession', Parameters: { portNumber: ['22'] } };
    const { SessionId, StreamUrl, TokenValue } = await new SSMClient(options()).send(new StartSessionCommand(asked));
    const started = JSON.stringify({ SessionId, StreamUrl, TokenValue });
    const { endpoint, credentials } = options();
    const child = spawn(PLUGIN, [started, region, 'StartSession', '', JSON.stringify(asked), endpoint], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    plugin = child;
    let said = '';
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const port = await new Promise<string>((resolve, reject) => {
      const hear = (data: Buffer): void => {
        const found = /Port (\d+) opened/.exec((said += data.toString()));
        if (found) resolve(found[1]!);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      void ended.then(() => reject(new Error(`the plugin ended: ${said}`)));
    });
    return { port, ended };
  }
}
