import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, BaseImage, Image, ShellProvisioner, ssh } from '../../../lib';
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
  isRoot && has('losetup') && has('mkfs.ext4') && has('sfdisk'),
  'root, losetup, mkfs.ext4 and sfdisk are needed for volumes with content',
  'volumes that steps write to',
  () => {
    let dir: string;
    let rehearsal: Rehearsing;

    beforeAll(async () => {
      dir = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-volumes-'));
      rehearsal = await rehearse({ speed: 2000, images: { 'ubuntu/images/*': 'host' } });
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

    test(
      'with useCreateImage the volume takes the place of the root, and what was the root goes',
      async () => {
        const app = appOf();
        const core = new Image(app, 'Swapped');
        new AmazonEbsSurrogateSource(core, 'Aws', {
          ...instance,
          base,
          launchBlockDeviceMappings: [{ deviceName: '/dev/sdf', volumeSize: 1 }],
          amiRootDevice: { sourceDeviceName: '/dev/sdf', deviceName: '/dev/sda1' },
          useCreateImage: true,
        });
        new ShellProvisioner(core, 'Root', {
          inline: [
            "printf 'label: gpt\\nstart=2048, type=linux\\n' | sfdisk --quiet --no-reread /dev/xvdf",
            // A kernel without tables of this kind is told of the partition.
            'partx --add /dev/xvdf 2>/dev/null || :',
            'for i in 1 2 3 4 5 6 7 8 9; do test -b /dev/xvdf1 || sleep 0.3; done',
            'mkfs.ext4 -q /dev/xvdf1 && mkdir -p /tmp/new && mount /dev/sdf1 /tmp/new',
            smallRoot('/tmp/new'),
            'echo swapped > /tmp/new/etc/made-by && umount /tmp/new',
          ],
        });
        const next = new Image(app, 'Next');
        new AmazonEbsSource(next, 'Aws', { ...instance, base: BaseImage.of(core), skipCreateAmi: true });
        new ShellProvisioner(next, 'Look', { inline: ['grep swapped /etc/made-by'] });
        await build(app);
        await rehearsal.settle();
        const left = rehearsal.inventory().filter(({ deletedAt }) => deletedAt === undefined);
        expect(left.map((one) => one.kind).sort()).toEqual(['image', 'image', 'snapshot', 'snapshot']);
      },
      2 * MINUTE,
    );

    test(
      'volumes and their snapshots are the artifact, with tags of their own; where a step fails nothing is left',
      async () => {
        const volumes = (content: string): App => {
          const app = appOf();
          const data = new Image(app, 'Data');
          new AmazonEbsVolumeSource(data, 'Aws', {
            ...instance,
            base,
            runVolumeTags: { Team: 'images' },
            ebsVolumes: [
              {
                deviceName: '/dev/xvdf',
                volumeSize: 1,
                tags: { Name: 'data' },
                snapshotVolume: true,
                snapshotTags: { S: '1' },
              },
              {
                deviceName: '/dev/xvdg',
                volumeSize: 1,
                deleteOnTermination: true,
                snapshotVolume: true,
                snapshotUsers: ['210987654321'],
              },
              { deviceName: '/dev/xvdh', volumeSize: 2 },
            ],
          });
          new ShellProvisioner(data, 'Fill', {
            inline: ['mkfs.ext4 -q /dev/xvdf && mkdir -p /tmp/d && mount /dev/xvdf /tmp/d', content, 'umount /tmp/d'],
          });
          return app;
        };
        const before = living();
        await expect(build(volumes('exit 3'))).rejects.toThrow('3');
        await rehearsal.settle();
        expect(living()).toEqual(before);

        const { nodes } = await build(volumes('echo data > /tmp/d/file'));
        const { outputs, kind } = nodes[0]!.artifact!;
        expect(kind).toBe('ebs-volumes');
        await rehearsal.settle();
        const made = outputs as { volumes: Record<string, string>; snapshots: Record<string, string> };
        expect(Object.keys(made.volumes)).toEqual(['/dev/xvdf', '/dev/xvdh']);
        expect(Object.keys(made.snapshots)).toEqual(['/dev/xvdf', '/dev/xvdg']);
        expect(
          living()
            .filter((id) => !before.includes(id))
            .sort(),
        ).toEqual([...Object.values(made.volumes), ...Object.values(made.snapshots)].sort());
        const ec2 = client(rehearsal.endpoints['aws']!, { region });
        const tagsOf = async (id: string): Promise<string> =>
          JSON.stringify((await ec2('DescribeTags', { 'Filter.1.Name': 'resource-id', 'Filter.1.Value.1': id })).data);
        expect(await tagsOf(made.volumes['/dev/xvdf']!)).toMatch(/"Name".*"data"|"data".*"Name"/);
        expect(await tagsOf(made.volumes['/dev/xvdh']!)).toContain('"images"');
        expect(await tagsOf(made.snapshots['/dev/xvdf']!)).toContain('"S"');

        // What was written is in the snapshot: a volume of it holds the file.
        const app = appOf();
        const look = new Image(app, 'Look');
        new AmazonEbsSource(look, 'Aws', {
          ...instance,
          base,
          skipCreateAmi: true,
          launchBlockDeviceMappings: [{ deviceName: '/dev/sdb', snapshotId: made.snapshots['/dev/xvdf']! }],
        });
        new ShellProvisioner(look, 'See', {
          inline: ['mkdir -p /tmp/d && mount /dev/sdb /tmp/d && grep data /tmp/d/file'],
        });
        await build(app);
        expect((await build(volumes('echo data > /tmp/d/file'))).nodes).toMatchObject([{ state: 'cached' }]);
      },
      2 * MINUTE,
    );

    const living = (): string[] =>
      rehearsal.inventory().flatMap(({ deletedAt, id }) => (deletedAt === undefined ? [id] : []));
  },
);
