import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SSM } from '@aws-sdk/client-ssm';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Image, Secret, text, type Late } from '../../../lib';
import { AmazonLookup } from '../../../lib/platforms/aws';
import { fakePlatform, type FakePlatform, type TestApp } from '../../../lib/testing';
import { Step } from '../../helpers/extensions';
import { build, filesBelow, testApp, type Ran } from '../../helpers/lab';
import { startProxy, type AwsProxy } from '../../rehearsal/aws/proxy';
import { rehearse, type Rehearsing } from '../../rehearsal/context';

const REGION = 'eu-west-1';
const TOKEN = 'p4ss-w0rd-of-the-registry';
const OTHER = 'an0ther-s3cret-beside-it';

let cloud: Rehearsing;
let proxy: AwsProxy;
let ssm: SSM;
let secrets: SecretsManager;
let env: Record<string, string>;

beforeAll(async () => {
  cloud = await rehearse({
    machines: false,
    parameters: { '/acme/token': TOKEN },
    secrets: { registry: JSON.stringify({ user: OTHER, token: TOKEN, port: 5000 }), plain: TOKEN },
  });
  // Each request and answer is held against the published model, where that is here.
  proxy = await startProxy({ target: cloud.endpoints['aws']! });
  env = { ...cloud.environment, AWS_ENDPOINT_URL: proxy.url, AWS_REGION: REGION, HOME: '/nonexistent' };
  const keys = { accessKeyId: env['AWS_ACCESS_KEY_ID']!, secretAccessKey: env['AWS_SECRET_ACCESS_KEY']! };
  const client = { endpoint: cloud.endpoints['aws']!, region: REGION, credentials: keys };
  ssm = new SSM(client);
  secrets = new SecretsManager(client);
});
afterAll(async () => {
  ssm.destroy();
  secrets.destroy();
  await proxy.stop();
  await cloud.close();
  expect([...proxy.problems('request'), ...proxy.problems('response')]).toEqual([]);
});

function program(value: Late<string>, fake: FakePlatform = fakePlatform()): { app: TestApp; fake: FakePlatform } {
  const app = testApp();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'Login', { run: 'login', stdin: text`is ${value}` });
  return { app, fake };
}

async function given(value: Late<string>): Promise<string | undefined> {
  const { app, fake } = program(value);
  const { report } = await build(app, { env });
  expect(report.nodes.map(({ error }) => error?.message)).toEqual([undefined]);
  return fake.commands[0]?.stdin;
}

async function refusal(value: Late<string>): Promise<{ message: string | undefined; hint: string | undefined }> {
  const { report } = await build(program(value).app, { env });
  const { error } = report.nodes[0]!;
  return { message: error?.message, hint: error?.hint };
}

describe('a secret of AWS', () => {
  test.each<[string, Secret, string]>([
    ['is a parameter, decrypted', Secret.fromSsmParameter('/acme/token'), TOKEN],
    ['is in the region that is said', Secret.fromSsmParameter('/acme/token', { region: 'us-east-1' }), TOKEN],
    ['is a version of a parameter', Secret.fromSsmParameter('/acme/token', { version: 1 }), TOKEN],
    ['is a whole secret', Secret.fromSecretsManager('plain'), TOKEN],
    ['is one value of a secret', Secret.fromSecretsManager('registry', { key: 'token' }), TOKEN],
    ['may be a number', Secret.fromSecretsManager('registry', { key: 'port' }), '5000'],
    [
      'is read by a role',
      Secret.fromSecretsManager('plain', { roleArn: 'arn:aws:iam::123456789012:role/read' }),
      TOKEN,
    ],
  ])('%s', async (_name, secret, value) => {
    expect(await given(secret)).toBe(`is ${value}`);
  });

  test('is of the region and account that its ARN names', async () => {
    const { ARN } = await secrets.describeSecret({ SecretId: 'plain' });
    const { ARN: parameter } = (await ssm.getParameter({ Name: '/acme/token' })).Parameter!;
    const elsewhere = { ...env, AWS_REGION: 'us-east-1' };
    for (const secret of [Secret.fromSecretsManager(ARN!), Secret.fromSsmParameter(parameter!)]) {
      const { app, fake } = program(secret);
      await build(app, { env: elsewhere });
      expect(fake.commands[0]?.stdin).toBe(`is ${TOKEN}`);
    }
  });

  test('is of the stage that is said', async () => {
    await secrets.createSecret({ Name: 'rotates', SecretString: 'first-value' });
    await secrets.putSecretValue({ SecretId: 'rotates', SecretString: 'second-value' });
    expect(await given(Secret.fromSecretsManager('rotates'))).toBe('is second-value');
    expect(await given(Secret.fromSecretsManager('rotates', { versionStage: 'AWSPREVIOUS' }))).toBe('is first-value');
  });

  test.each<[string, Secret, RegExp]>([
    [
      'no such parameter',
      Secret.fromSsmParameter('/acme/none'),
      /there is no SSM parameter `\/acme\/none` in eu-west-1/,
    ],
    ['no such secret', Secret.fromSecretsManager('none'), /there is no secret `none` in eu-west-1/],
    ['no such stage', Secret.fromSecretsManager('plain', { versionStage: 'OLD' }), /no version `OLD`/],
    [
      'no such key',
      Secret.fromSecretsManager('registry', { key: 'tokens' }),
      /no `tokens`; it has: user, token, port$/,
    ],
    ['a key of what is no object', Secret.fromSecretsManager('plain', { key: 'a' }), /is no JSON object/],
  ])('says what is wrong: %s', async (_name, secret, message) => {
    const { message: said, hint } = await refusal(secret);
    expect(said).toMatch(message);
    expect(hint).toBeDefined();
    expect(said).not.toContain(TOKEN);
  });

  test('is read once a run, and is in nothing that is written, shown or reported', async () => {
    proxy.forget();
    const fake = fakePlatform();
    const { app } = program(Secret.fromSecretsManager('registry', { key: 'token' }), fake);
    const web = app.node.findChild('Web') as Image;
    new Step(web, 'Again', { run: 'echo', env: { X: Secret.fromSecretsManager('registry', { key: 'token' }) } });
    fake.onCommand(() => ({ stdout: `${TOKEN} ${env['AWS_SECRET_ACCESS_KEY']!}\n`, code: 1 }));
    const { report, events, output } = await build(app, { env });
    expect(report.status).toBe('failed');
    expect(proxy.counts()).toEqual({ GetSecretValue: 1 });
    expect(output).toBe('<sensitive> <sensitive>\n');
    const written = Object.values(filesBelow(app.baseDir)).join('\n');
    for (const secret of [TOKEN, OTHER, Buffer.from(TOKEN).toString('base64')]) {
      expect(JSON.stringify([report, events])).not.toContain(secret);
      expect(written).not.toContain(secret);
    }
    expect(app.synth().modules).toMatchObject({ 'amazon-secretsmanager': 'goldsmith/aws' });
  });
});

describe('a value of AWS that is no secret', () => {
  test('is pinned in the lock file, moves with an update, and what uses it is then built anew', async () => {
    await ssm.putParameter({ Name: '/acme/release', Value: 'one', Type: 'String' });
    const { app, fake } = program(AmazonLookup.ssmParameter('/acme/release').value);
    const state = async (options: object = {}): Promise<string | undefined> =>
      (await build(app, { env, ...options })).states['Web/Fake'];
    const lock = (): string => fs.readFileSync(path.join(app.baseDir, 'goldsmith.lock.json'), 'utf8');

    expect(await state({ locked: true })).toBe('failed');
    expect(await state()).toBe('succeeded');
    expect(fake.commands.at(-1)?.stdin).toBe('is one');
    expect(JSON.parse(lock())).toMatchObject({
      lookups: { 'amazon ssm parameter /acme/release': { resolved: { value: 'one', version: '1' } } },
    });

    await ssm.putParameter({ Name: '/acme/release', Value: 'two', Overwrite: true });
    expect(await state()).toBe('cached');
    expect(await state({ update: true })).toBe('succeeded');
    expect(fake.commands.at(-1)?.stdin).toBe('is two');
    expect(await state({ locked: true })).toBe('cached');
  });

  test('may be the version of a secret, and the newest image', async () => {
    const image = AmazonLookup.image({
      owners: ['099720109477'],
      name: 'ubuntu/images/*-amd64-*',
      region: 'us-east-1',
    });
    expect(await given(image.id)).toMatch(/^is ami-[0-9a-f]{17}$/);
    expect(await given(text`${image.owner} ${image.architecture}` as Late<string>)).toBe('is 099720109477 x86_64');
    expect(await given(AmazonLookup.secret('plain').versionId)).toMatch(/^is [0-9a-f-]{36}$/);
  });

  test('is refused where it is a SecureString, which a lock file would show', async () => {
    const { message, hint } = await refusal(AmazonLookup.ssmParameter('/acme/token').value);
    expect(message).toContain('is a SecureString');
    expect(hint).toContain("Secret.fromSsmParameter('/acme/token')");
  });

  test('used as a plain text says what it is', () => {
    const { value } = AmazonLookup.ssmParameter('/acme/release');
    expect(() => `${value as unknown as string}`).toThrow(
      '`value` of amazon ssm parameter /acme/release is known only at run time',
    );
  });
});

test('refusals name the value that was asked for', async () => {
  const run: Ran = await build(program(Secret.fromSsmParameter('/acme/token', { profile: 'none' })).app, { env });
  expect(run.report.nodes[0]?.error).toMatchObject({ code: 'SECRET_UNAVAILABLE' });
  expect(run.report.nodes[0]?.error?.message).toContain('`/acme/token` cannot be read');
});
