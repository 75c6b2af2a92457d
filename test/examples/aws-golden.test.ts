import { EC2 } from '@aws-sdk/client-ec2';
import { describeIf } from '../helpers/requires';
import { isRoot } from '../platforms/sandbox/able';
import { HAS_REHEARSAL, NO_REHEARSAL, startRehearsal, type RehearsalServer } from '../rehearsal/aws/rehearsal-server';
import { Checkout } from './helpers/checkout';

jest.setTimeout(180_000);

const PROGRAM = 'examples/aws-golden/images.ts';

describeIf(isRoot && HAS_REHEARSAL, `root on Linux; ${NO_REHEARSAL}`, 'the example aws-golden', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('aws-golden');
  });
  afterAll(() => checkout.remove());

  test('is rehearsed without an account, and leaves nothing but its images', async () => {
    const output = await checkout.must('.', 'ts-node', [PROGRAM, 'rehearse', '--speed', '200']);
    expect(output).toMatch(/ok +the file \/etc\/ssh\/sshd_config.d\/10-golden.conf/);
    expect(output).toMatch(/Web\/Aws +done .* in eu-west-1, ami-\w+ in us-east-1/);
    expect(output).toMatch(/image +ami-\w+ +us-east-1 +stays +golden-web-/);
    expect(output).toMatch(/nothing of it is left but artifacts/);
  });

  describe('built on an AWS of its own', () => {
    let server: RehearsalServer;
    let environment: Record<string, string>;
    beforeAll(async () => {
      server = await startRehearsal('--speed', '200');
      const line = server
        .output()
        .split('\n')
        .find((text) => text.startsWith('{'))!;
      ({ environment } = JSON.parse(line) as { environment: Record<string, string> });
    });
    afterAll(() => server.stop());

    const clientIn = (region: string): EC2 => {
      const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = environment;
      return new EC2({ region, endpoint: server.url, credentials: { accessKeyId, secretAccessKey } });
    };
    const build = (): Promise<string> => checkout.must('.', 'ts-node', [PROGRAM], environment);

    test('makes two images in two regions, encrypted and shared, and the second time nothing', async () => {
      expect(await build()).toMatch(/5 done in/);
      for (const region of ['eu-west-1', 'us-east-1']) {
        const ec2 = clientIn(region);
        const { Images = [] } = await ec2.describeImages({ Owners: ['self'] });
        const encrypted = { BlockDeviceMappings: [{ Ebs: { Encrypted: true } }] };
        expect(Images.map(({ Name }) => Name!.replace(/\d{14}$/, 'TIME')).sort()).toEqual([
          'golden-core-TIME',
          'golden-web-TIME',
        ]);
        expect(Images).toMatchObject([encrypted, encrypted]);
        for (const { ImageId } of Images) {
          const asked = await ec2.describeImageAttribute({ ImageId, Attribute: 'launchPermission' });
          expect(asked.LaunchPermissions).toEqual([{ UserId: '210987654321' }]);
        }
        ec2.destroy();
      }
      const again = await build();
      expect(again).toMatch(/Web\/Aws: cached/);
      expect(again).not.toMatch(/launch/);
    });
  });
});
