import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { EC2 } from '@aws-sdk/client-ec2';
import { STS } from '@aws-sdk/client-sts';
import { App, Image } from '../../../lib';
import { AmazonEbsSource, AmazonImage, type AmazonEbsSourceProps } from '../../../lib/platforms/aws';
import { rehearse, type Rehearsing } from '../../rehearsal/context';

const ACCOUNT = '210987654321';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/images`;

let rehearsal: Rehearsing;
let dir: string;
beforeAll(async () => {
  rehearsal = await rehearse({ machines: false, speed: 1000 });
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-accounts-'));
});
afterAll(async () => {
  await rehearsal.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

async function build(props: Partial<AmazonEbsSourceProps>) {
  const app = new App('accounts', { baseDir: dir, variables: {} });
  new AmazonEbsSource(new Image(app, 'Core'), 'Aws', {
    region: 'eu-west-1',
    instanceType: 't3.small',
    communicator: 'none',
    base: AmazonImage.lookup({ owners: ['099720109477'], name: 'ubuntu/images/*-24.04-amd64-server-*' }),
    amiName: 'golden',
    tags: { Team: 'images' },
    ...props,
  });
  const report = await app.build({ env: { ...rehearsal.environment, HOME: dir } });
  return report.nodes[0]!;
}

/** What the other account has of its own in a region. */
async function theirs(region: string) {
  const endpoint = rehearsal.endpoints['aws']!;
  const own = { accessKeyId: 'GOLDSMITHREHEARSAL', secretAccessKey: 'rehearsal' };
  const sts = new STS({ region, endpoint, credentials: own });
  const { Credentials: given } = await sts.assumeRole({ RoleArn: ROLE, RoleSessionName: 'test' });
  const credentials = {
    accessKeyId: given!.AccessKeyId!,
    secretAccessKey: given!.SecretAccessKey!,
    sessionToken: given!.SessionToken!,
  };
  const ec2 = new EC2({ region, endpoint, credentials });
  const { Images = [] } = await ec2.describeImages({ Owners: ['self'] });
  sts.destroy();
  ec2.destroy();
  return Images;
}

test('other accounts get copies of their own, in each region, and one that is added later too', async () => {
  const props = { amiRegions: ['us-east-1'], amiUsers: ['345678901234'] };
  expect(await build(props)).toMatchObject({ state: 'succeeded' });
  expect(await theirs('eu-west-1')).toEqual([]);

  const launched = (): number => rehearsal.inventory().filter(({ kind }) => kind === 'instance').length;
  const accounts = { ...props, amiCopyAccounts: [{ roleArn: ROLE }] };
  const { state, error, artifact } = await build(accounts);
  expect([state, error]).toEqual(['cached', undefined]);
  expect(launched()).toBe(1);
  for (const region of ['eu-west-1', 'us-east-1']) {
    const [image, ...more] = await theirs(region);
    expect(more).toEqual([]);
    expect(image).toMatchObject({ OwnerId: ACCOUNT, Name: 'golden', State: 'available', ImdsSupport: 'v2.0' });
    expect(image!.Tags).toEqual(expect.arrayContaining([{ Key: 'Team', Value: 'images' }]));
    expect(artifact!.outputs['accounts']).toMatchObject({ [ACCOUNT]: { [region]: image!.ImageId } });
  }

  // They are copied once.
  expect(await build(accounts)).toMatchObject({ state: 'cached' });
  expect(await theirs('eu-west-1')).toHaveLength(1);
});

test('a region that the image is not in is said, and what was made stays for the next run', async () => {
  const accounts = [{ roleArn: ROLE, regions: ['us-west-2'] }];
  const { error } = await build({ amiName: 'elsewhere', amiCopyAccounts: accounts });
  expect(error).toMatchObject({
    message: expect.stringContaining('wants a copy in us-west-2 for the account 210987654321') as string,
    hint: expect.stringContaining('`amiRegions`') as string,
  });
  expect(await build({ amiName: 'elsewhere' })).toMatchObject({ state: 'cached' });
});
