import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image, ShellProvisioner, ssh } from '../../../lib';
import {
  AmazonEbsSource,
  AmazonEbsSurrogateSource,
  AmazonEbsVolumeSource,
  AmazonImage,
} from '../../../lib/platforms/aws';
import type { RunReport } from '../../../lib/engine';
import { describeIf } from '../../helpers/requires';
import { client, items, type Data } from '../../rehearsal/client';
import { rehearse, type Rehearsing } from '../../rehearsal/context';
import { has, isRoot } from '../sandbox/able';
import { smallRoot } from './small-root';

const MINUTE = 60_000;
const region = 'eu-west-1';

describeIf(
  isRoot && has('losetup') && has('mkfs.ext4'),
  'root, losetup and mkfs.ext4 are needed for volumes with content',
  'volumes that steps write to',
  () => {
    let dir: string;
    let rehearsal: Rehearsing;

    beforeAll(async () => {
      dir = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-volumes-'));
      rehearsal = await rehearse({ speed: 500, images: { 'ubuntu/images/*': 'host' } });
    }, MINUTE);

    afterAll(async () => {
      await rehearsal.close();
      await fs.rm(dir, { recursive: true, force: true });
    }, MINUTE);

    const instance = {
      region,
      instanceType: 't3.micro',
      communicator: ssh({ username: 'root' }),
    };
    const base = AmazonImage.lookup({ owners: ['099720109477'], name: 'ubuntu/images/*-amd64-*' });
    const build = async (app: App): Promise<RunReport> => {
      const report = await app.build({ env: { PATH: process.env['PATH'], HOME: dir, ...rehearsal.environment } });
      for (const { error } of report.nodes) if (error) throw new Error(`${error.message}\n${error.output ?? ''}`);
      return report;
    };
    const appOf = (): App => new App('volumes', { baseDir: dir, variables: {} });

    test(
      'a surrogate root that is made by mkfs and mount becomes an image that starts with its files, and only the image stays',
      async () => {
        const app = appOf();
        const core = new Image(app, 'Core');
        new AmazonEbsSurrogateSource(core, 'Aws', {
          ...instance,
          base,
          launchBlockDeviceMappings: [
            { deviceName: '/dev/xvdf', volumeSize: 1, volumeType: 'gp3' },
            { deviceName: '/dev/xvdg', volumeSize: 1, omitFromArtifact: true },
          ],
          amiRootDevice: { sourceDeviceName: '/dev/xvdf', deviceName: '/dev/xvda', volumeType: 'gp3', volumeSize: 2 },
          bootMode: 'uefi',
          tpmSupport: 'v2.0',
          snapshotDescription: 'made by hand',
          tags: { OS: 'own' },
        });
        new ShellProvisioner(core, 'Root', {
          inline: [
            'mkfs.ext4 -q /dev/xvdf && mkdir -p /tmp/new && mount /dev/xvdf /tmp/new',
            smallRoot('/tmp/new'),
            'echo surrogate > /tmp/new/etc/made-by && umount /tmp/new',
          ],
        });
        const { nodes } = await build(app);
        const { outputs, kind, use } = nodes[0]!.artifact!;
        expect({ kind, use }).toEqual({ kind: 'ami', use: 'amazon-ebssurrogate' });

        const ec2 = client(rehearsal.endpoints['aws']!, { region });
        const [image] = items(
          (await ec2('DescribeImages', { 'ImageId.1': outputs['imageId'] as string })).data['imagesSet'],
        );
        expect(image).toMatchObject({
          rootDeviceName: '/dev/xvda',
          bootMode: 'uefi',
          tpmSupport: 'v2.0',
          imdsSupport: 'v2.0',
        });
        const devices = items(image!['blockDeviceMapping']);
        expect(devices).toMatchObject([{ deviceName: '/dev/xvda', ebs: { volumeSize: '2', volumeType: 'gp3' } }]);
        const snapshot = (devices[0]!['ebs'] as Data)['snapshotId'] as string;
        const [made] = items((await ec2('DescribeSnapshots', { 'SnapshotId.1': snapshot })).data['snapshotSet']);
        expect(made).toMatchObject({ description: 'made by hand', status: 'completed' });
        expect(JSON.stringify(made)).toContain('{"key":"OS","value":"own"}');

        const next = appOf();
        const web = new Image(next, 'Web');
        new AmazonEbsSource(web, 'Aws', { ...instance, sourceAmi: outputs['imageId'] as string, skipCreateAmi: true });
        new ShellProvisioner(web, 'Look', { inline: ['grep surrogate /etc/made-by', '! test -e /usr/bin/perl'] });
        await build(next);

        await rehearsal.settle();
        const left = rehearsal.inventory().filter(({ deletedAt }) => deletedAt === undefined);
        expect(left.map((one) => one.kind).sort()).toEqual(['image', 'snapshot']);
        expect(rehearsal.warnings).toEqual([]);
      },
      2 * MINUTE,
    );
  },
);
