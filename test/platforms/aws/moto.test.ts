import { EC2 } from '@aws-sdk/client-ec2';
import { SSM } from '@aws-sdk/client-ssm';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { App, Image, type RunEvent, type RunReport } from '../../../lib';
import { recover } from '../../../lib/engine';
import { AmazonEbsSource, AmazonImage, type AmazonEbsSourceProps } from '../../../lib/platforms/aws';
import { describeIf } from '../../helpers/requires';
import { temporaryFolder } from '../../provisioners/support';
import { Moto, motoCommand, NO_MOTO } from './moto';

const folder = temporaryFolder();
const OWNER = '123456789012';

describeIf(motoCommand() !== undefined, NO_MOTO, 'against moto', () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await Moto.start();
  });
  afterAll(() => moto.stop());
  beforeEach(() => moto.reset());

  const client = (region = 'eu-west-1'): EC2 =>
    new EC2({ region, endpoint: moto.url, credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } });

  /** moto knows some of Amazon's images; this is one of the account's own. */
  async function baseImage(name = 'base-1'): Promise<string> {
    const { Images = [] } = await client().describeImages({ Owners: ['amazon'] });
    const linux = Images.find(({ Architecture, Platform }) => Architecture === 'x86_64' && Platform !== 'windows')!;
    const made = await client().runInstances({
      ImageId: linux.ImageId!,
      MinCount: 1,
      MaxCount: 1,
      InstanceType: 't3.small',
    });
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
});
