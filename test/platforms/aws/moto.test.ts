import { EC2 } from '@aws-sdk/client-ec2';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SSM } from '@aws-sdk/client-ssm';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { App, Image, Secret, text, type RunEvent, type RunReport } from '../../../lib';
import { systemClock } from '../../../lib/engine';
import {
  amazonEbs,
  AmazonEbsSource,
  AmazonImage,
  AmazonLookup,
  type AmazonEbsSourceProps,
} from '../../../lib/platforms/aws';
import { describeIf } from '../../helpers/requires';
import { temporaryFolder } from '../../provisioners/support';
import { errorOf, refusal } from '../../rehearsal/aws/faults';
import { HAS_MOTO, NO_MOTO } from '../../rehearsal/aws/moto';
import { CountedMoto } from './moto';

const folder = temporaryFolder();
const OWNER = '123456789012';
const KEYS = { accessKeyId: 'testing', secretAccessKey: 'testing' };

describeIf(HAS_MOTO, NO_MOTO, 'against moto', () => {
  let moto: CountedMoto;
  beforeAll(async () => {
    moto = await CountedMoto.start();
  }, 60_000);
  afterAll(() => moto.stop());
  beforeEach(() => moto.reset());
  afterEach(() => expect(moto.problems).toEqual([]));

  const client = (region = 'eu-west-1'): EC2 => new EC2({ region, endpoint: moto.url, credentials: KEYS });

  let linux: string | undefined;
  async function someLinux(): Promise<string> {
    const { Images = [] } = await client().describeImages({ Owners: ['amazon'] });
    return Images.find(({ Architecture, Platform }) => Architecture === 'x86_64' && Platform === undefined)!.ImageId!;
  }

  /** moto knows some of Amazon's images; this is one of the account's own. */
  async function baseImage(name = 'base-1'): Promise<string> {
    linux ??= await someLinux();
    const made = await client().runInstances({ ImageId: linux, MinCount: 1, MaxCount: 1, InstanceType: 't3.small' });
    const id = made.Instances![0]!.InstanceId!;
    const { ImageId } = await client().createImage({ InstanceId: id, Name: name });
    await client().terminateInstances({ InstanceIds: [id] });
    return ImageId!;
  }

  function program(name: string, props: Partial<AmazonEbsSourceProps>): { app: App; image: Image } {
    const app = new App(name, { baseDir: fs.mkdtempSync(path.join(folder, `${name}-`)), variables: {} });
    const image = new Image(app, 'Core');
    new AmazonEbsSource(image, 'Aws', {
      region: 'eu-west-1',
      instanceType: 't3.small',
      communicator: 'none',
      ...props,
    });
    return { app, image };
  }

  async function build(app: App, options: object = {}): Promise<{ report: RunReport; events: RunEvent[] }> {
    const events: RunEvent[] = [];
    const report = await app.build({ env: moto.env(), onEvent: (event) => events.push(event), ...options });
    return { report, events };
  }

  async function leftovers(region = 'eu-west-1'): Promise<string[]> {
    const ec2 = client(region);
    const { Reservations = [] } = await ec2.describeInstances({});
    const running = Reservations.flatMap(({ Instances = [] }) => Instances).filter(
      ({ State }) => State?.Name !== 'terminated',
    );
    const { SecurityGroups = [] } = await ec2.describeSecurityGroups({});
    const { KeyPairs = [] } = await ec2.describeKeyPairs({});
    return [
      ...running.map(({ InstanceId }) => InstanceId!),
      ...SecurityGroups.map(({ GroupName }) => GroupName!).filter((name) => name !== 'default'),
      ...KeyPairs.map(({ KeyName }) => KeyName!),
    ];
  }

  test('a build makes an image with its tags, and leaves nothing else', async () => {
    const base = await baseImage();
    const { app } = program('plain', {
      sourceAmi: base,
      amiName: 'core-1',
      tags: { Team: 'images' },
      runTags: { Cost: '1' },
    });
    const { report } = await build(app);
    expect(report.nodes).toMatchObject([{ state: 'succeeded' }]);
    const { artifact } = report.nodes[0]!;
    expect(artifact?.id).toMatch(/^eu-west-1:ami-/);
    const { Images = [] } = await client().describeImages({ ImageIds: [String(artifact!.outputs['imageId'])] });
    const tags = Object.fromEntries(Images[0]!.Tags!.map(({ Key, Value }) => [Key, Value]));
    expect(Images[0]!.Name).toBe('core-1');
    expect(tags).toMatchObject({
      Team: 'images',
      Cost: '1',
      'dev.goldsmith.node': 'Core/Aws',
      'dev.goldsmith.state': 'published',
    });
    expect(await leftovers()).toEqual([]);
  });

  test('a lookup is pinned; an unchanged image costs one call', async () => {
    await baseImage('golden-1');
    const filter = { filters: { name: 'golden-*' }, owners: [OWNER] };
    const { app } = program('lookup', { sourceAmiFilter: filter });
    expect((await build(app)).report.nodes).toMatchObject([{ state: 'succeeded' }]);
    const lock = fs.readFileSync(path.join(app.baseDir, 'goldsmith.lock.json'), 'utf8');
    expect(lock).toContain('"region": "eu-west-1"');
    await baseImage('golden-2');
    moto.forget();
    expect((await build(app)).report.nodes).toMatchObject([{ state: 'cached' }]);
    expect(moto.calls).toEqual(['DescribeImages']);
    const many = program('many', { sourceAmiFilter: filter });
    expect((await build(many.app)).report.nodes[0]?.error?.message).toMatch(/2 images match .*golden-/);
    const none = program('none', { sourceAmiFilter: { filters: { name: 'x' }, owners: ['self'] } });
    expect((await build(none.app)).report.nodes[0]?.error).toMatchObject({ code: 'LOOKUP_FAILED' });
  });

  test('a base can be named by an SSM parameter', async () => {
    const base = await baseImage();
    const ssm = new SSM({ region: 'eu-west-1', endpoint: moto.url, credentials: KEYS });
    await ssm.putParameter({ Name: '/golden/base', Value: base, Type: 'String' });
    const { app } = program('parameter', {
      base: AmazonImage.fromSsmParameter('/golden/base'),
      sourceAmi: undefined as never,
    });
    expect((await build(app)).report.nodes).toMatchObject([
      { state: 'succeeded', artifact: { outputs: { sourceImageId: base } } },
    ]);
  });

  test('a fleet gives the spot instance, secrets and values are read, and the id goes into a parameter', async () => {
    const ssm = new SSM({ region: 'eu-west-1', endpoint: moto.url, credentials: KEYS });
    const secrets = new SecretsManager({ region: 'eu-west-1', endpoint: moto.url, credentials: KEYS });
    await ssm.putParameter({ Name: '/acme/token', Value: 'the-token-itself', Type: 'SecureString' });
    await ssm.putParameter({ Name: '/acme/release', Value: '7', Type: 'String' });
    await secrets.createSecret({ Name: 'acme', SecretString: JSON.stringify({ team: 'the-team-itself' }) });
    const { app } = program('values', {
      sourceAmi: await baseImage(),
      spotInstanceTypes: ['t3.small', 't3a.small'],
      spotAllocationStrategy: 'lowest-price',
      fleetTags: { Cost: 'ci' },
      userData: text`${Secret.fromSsmParameter('/acme/token')} ${Secret.fromSecretsManager('acme', { key: 'team' })}`,
      tags: { Release: AmazonLookup.ssmParameter('/acme/release').value },
      ssmParameter: '/golden/values',
    });
    const { report, events } = await build(app);
    expect(report.nodes.map(({ error }) => error)).toEqual([undefined]);
    const { imageId } = report.nodes[0]!.artifact!.outputs;
    expect((await ssm.getParameter({ Name: '/golden/values' })).Parameter?.Value).toBe(imageId);
    const { Images = [] } = await client().describeImages({ ImageIds: [imageId as string] });
    expect(Images[0]?.Tags).toContainEqual({ Key: 'Release', Value: '7' });
    expect(moto.calls).toEqual(expect.arrayContaining(['CreateLaunchTemplate', 'CreateFleet', 'DeleteLaunchTemplate']));
    expect((await client().describeLaunchTemplates({})).LaunchTemplates).toEqual([]);
    expect(await leftovers()).toEqual([]);
    expect(JSON.stringify([report, events])).not.toMatch(/the-token-itself|the-team-itself/);
    ssm.destroy();
    secrets.destroy();
  });

  test('an image that starts from another one starts from its artifact', async () => {
    const { app, image } = program('chain', { sourceAmi: await baseImage() });
    new Image(app, 'Web', { from: image });
    const { report } = await build(app);
    const [core, web] = report.nodes;
    expect(web).toMatchObject({
      state: 'succeeded',
      artifact: { outputs: { sourceImageId: core!.artifact!.outputs['imageId'] } },
    });
  });

  test('copies go to their regions; another region later is copied, not built', async () => {
    const props = { sourceAmi: await baseImage(), amiName: 'core-1', amiUsers: ['111122223333'] };
    const { app } = program('copies', { ...props, amiRegions: ['us-east-1'] });
    expect((await build(app)).report.nodes).toMatchObject([{ state: 'succeeded' }]);
    moto.forget();
    const more = new App('copies', { baseDir: app.baseDir, variables: {} });
    new AmazonEbsSource(new Image(more, 'Core'), 'Aws', {
      ...{ region: 'eu-west-1', instanceType: 't3.small', communicator: 'none', ...props },
      amiRegions: ['us-east-1', 'eu-central-1'],
    });
    const { report } = await build(more);
    expect(report.nodes).toMatchObject([{ state: 'cached' }]);
    const images = report.nodes[0]!.artifact!.outputs['images'] as Record<string, string>;
    expect(Object.keys(images).sort()).toEqual(['eu-central-1', 'eu-west-1', 'us-east-1']);
    expect(moto.calls.filter((call) => call === 'CopyImage')).toHaveLength(1);
    expect(moto.calls).not.toContain('RunInstances');
    const attribute = { ImageId: images['eu-central-1']!, Attribute: 'launchPermission' as const };
    expect((await client('eu-central-1').describeImageAttribute(attribute)).LaunchPermissions).toEqual([
      { UserId: '111122223333' },
    ]);
  });

  test('where one copy fails the others stay, and the next run makes only that one', async () => {
    const { app } = program('half', { sourceAmi: await baseImage(), amiRegions: ['us-east-1', 'eu-central-1'] });
    let copies = 0;
    moto.instead = (call) =>
      call.action === 'CopyImage' && (copies += 1) === 2
        ? errorOf(call, 400, 'ResourceLimitExceeded', 'Too many copies')
        : undefined;
    const first = await build(app);
    expect(first.report.nodes[0]?.error).toMatchObject({
      message: expect.stringContaining('Too many copies') as string,
    });
    expect(first.report.left).toEqual([]);
    moto.instead = undefined;
    moto.forget();
    const { report } = await build(app);
    expect(report.nodes).toMatchObject([{ state: 'cached' }]);
    expect(Object.keys(report.nodes[0]!.artifact!.outputs['images'] as object)).toHaveLength(3);
    expect(moto.calls.filter((call) => call === 'CopyImage')).toHaveLength(1);
    expect(moto.calls).not.toContain('RunInstances');
    expect(await leftovers()).toEqual([]);
  });

  test('where there is no room for one type, the next is taken', async () => {
    const { app } = program('room', { sourceAmi: await baseImage(), instanceType: ['m5.large', 't3.small'] });
    moto.instead = (call) =>
      call.action === 'RunInstances' && call.body.includes('m5.large') && !call.body.includes('DryRun')
        ? errorOf(call, 500, 'InsufficientInstanceCapacity', 'We do not have sufficient capacity')
        : undefined;
    const { report, events } = await build(app);
    expect(report.nodes).toMatchObject([{ state: 'succeeded' }]);
    expect(JSON.stringify(events)).toContain('no room for m5.large');
  });

  test('what is wrong is said together, before anything is created', async () => {
    const base = await baseImage('taken');
    const { app } = program('wrong', {
      sourceAmi: base,
      amiName: 'taken',
      amiRegions: ['eu-nowhere-1'],
      instanceType: ['t3.nothing', 'm6g.large'],
    });
    moto.forget();
    const { report } = await build(app);
    const said = report.nodes[0]!.error!.message;
    expect(said).toContain('an image of this account in eu-west-1 has it already');
    expect(said).toContain('eu-nowhere-1, which this account does not have');
    expect(said).toContain('`t3.nothing`, which eu-west-1 does not have');
    expect(said).toContain(`${base} is for x86_64, and \`m6g.large\` has arm64`);
    expect(moto.calls).not.toContain('RunInstances');
  });

  test('credentials that are refused are the one problem that is told', async () => {
    const { app } = program('denied', { sourceAmi: await baseImage() });
    moto.instead = (call) =>
      call.action === 'GetCallerIdentity'
        ? errorOf(call, 403, 'InvalidClientTokenId', 'The security token is invalid')
        : undefined;
    expect((await build(app)).report.nodes[0]?.error).toMatchObject({ code: 'ACCESS_DENIED' });
  });

  test('throttling is waited out', async () => {
    const { app } = program('throttled', { sourceAmi: await baseImage() });
    let count = 0;
    moto.instead = (call) =>
      call.action === 'DescribeImages' && (count += 1) <= 2 ? refusal(call, 'throttle') : undefined;
    expect((await build(app)).report.nodes).toMatchObject([{ state: 'succeeded' }]);
  });

  test('--force replaces an image of the same name', async () => {
    const props = { sourceAmi: await baseImage(), amiName: 'core-1' };
    const { app } = program('again', { ...props, forceDeregister: true, forceDeleteSnapshot: true });
    const first = (await build(app)).report.nodes[0]!.artifact!;
    const second = (await build(app, { force: true })).report.nodes[0]!.artifact!;
    expect(second.id).not.toBe(first.id);
    const { Images = [] } = await client().describeImages({ Filters: [{ Name: 'name', Values: ['core-1'] }] });
    expect(Images.map(({ ImageId }) => ImageId)).toEqual([second.outputs['imageId']]);
  });

  test('what has only a token is found by it and deleted, also twice; a run is found by its tag', async () => {
    const ctx = { env: moto.env(), signal: new AbortController().signal, secret: () => undefined } as never;
    const driver = await amazonEbs.load({ clock: systemClock } as never);
    const tags = (token: string): { Key: string; Value: string }[] => [
      { Key: 'dev.goldsmith.run', Value: 'run-1' },
      { Key: 'dev.goldsmith.token', Value: token },
    ];
    const of = (
      ResourceType: 'instance' | 'security-group' | 'key-pair' | 'launch-template',
      token: string,
    ): object => ({
      TagSpecifications: [{ ResourceType, Tags: tags(token) }],
    });
    const base = await baseImage();
    const one = { ImageId: base, MinCount: 1, MaxCount: 1, InstanceType: 't3.small' as const };
    await client().runInstances({ ...one, ...of('instance', 't1') });
    await client().createSecurityGroup({ GroupName: 'g', Description: 'g', ...of('security-group', 't2') });
    await client().createKeyPair({ KeyName: 'k', ...of('key-pair', 't3') });
    await client().createLaunchTemplate({
      LaunchTemplateName: 'goldsmith-t4',
      LaunchTemplateData: { ImageId: base },
      ...of('launch-template', 't4'),
    });
    const found = await driver.find!('run-1', ctx);
    expect(found.map(({ kind, token }) => `${kind} ${token}`)).toEqual([
      'amazon-ebs:instance t1',
      'amazon-ebs:key-pair t3',
      'amazon-ebs:security-group t2',
      'amazon-ebs:launch-template t4',
    ]);
    for (const { id: _id, ...record } of found) {
      await driver.destroy(record, ctx);
      await driver.destroy(record, ctx);
    }
    for (const record of found) await driver.destroy(record, ctx);
    await driver.close!();
    // Where moto is less faithful than AWS: its DeleteKeyPair does not know a key pair by its id.
    expect(await leftovers()).toEqual(['k']);
    expect((await client().describeLaunchTemplates({})).LaunchTemplates).toEqual([]);
  });

  test('no secret is in an event, a journal, the catalog or the report', async () => {
    const { app } = program('secret', {
      sourceAmi: await baseImage(),
      accessKey: 'AKIAEXAMPLE',
      secretKey: 'abc-very-secret-key',
    });
    const { report, events } = await build(app);
    expect(report.nodes).toMatchObject([{ state: 'succeeded' }]);
    const kept = fs
      .readdirSync(path.join(app.baseDir, '.goldsmith'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
    const all = [JSON.stringify(events), JSON.stringify(report), ...kept].join('\n');
    expect(all).toContain('AKIAEXAMPLE');
    expect(all).not.toMatch(/abc-very-secret-key|testing-secret/);
  });
});
