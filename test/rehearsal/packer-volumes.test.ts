import { describeIf } from '../helpers/requires';
import { has, isRoot } from '../platforms/sandbox/able';
import { smallRoot } from '../platforms/aws/small-root';
import { packerBuild, UBUNTU } from './aws/packer';
import { client, items } from './client';
import { rehearse, type Rehearsing } from './context';

describeIf(
  isRoot && has('packer') && has('losetup') && has('mkfs.ext4'),
  'Packer 1.6, losetup and mkfs.ext4 are needed, and root: apt-get install packer',
  "Packer's builders of volumes",
  () => {
    let rehearsal: Rehearsing;
    beforeAll(async () => {
      rehearsal = await rehearse({ speed: 500, images: { 'ubuntu/images/*': 'host' } });
    });
    afterAll(() => rehearsal.close());

    const common = {
      source_ami_filter: UBUNTU,
      instance_type: 't3.micro',
      ssh_username: 'root',
    };

    test('amazon-ebssurrogate writes a root to a volume, and registers an image that starts with it', async () => {
      const output = await packerBuild(
        rehearsal.endpoints['aws']!,
        {
          ...common,
          type: 'amazon-ebssurrogate',
          ami_name: 'surrogate-of-packer',
          ami_virtualization_type: 'hvm',
          launch_block_device_mappings: [{ device_name: '/dev/xvdf', volume_size: 1, delete_on_termination: true }],
          ami_root_device: { source_device_name: '/dev/xvdf', device_name: '/dev/xvda', delete_on_termination: true },
        },
        [
          {
            type: 'shell',
            inline: [
              'mkfs.ext4 -q /dev/xvdf && mkdir -p /tmp/new && mount /dev/xvdf /tmp/new',
              smallRoot('/tmp/new'),
              'umount /tmp/new',
            ],
          },
        ],
      );
      expect(output).toMatch(/us-east-1: ami-/);
      const ec2 = client(rehearsal.endpoints['aws']!, { region: 'us-east-1', key: 'GOLDSMITHREHEARSAL' });
      const asked = { 'Filter.1.Name': 'name', 'Filter.1.Value.1': 'surrogate-of-packer' };
      const [image] = items((await ec2('DescribeImages', asked)).data['imagesSet']);
      expect(image).toMatchObject({ rootDeviceName: '/dev/xvda', imageState: 'available' });
    }, 120_000);

    test('amazon-ebsvolume leaves its volumes, tagged', async () => {
      const output = await packerBuild(
        rehearsal.endpoints['aws']!,
        {
          ...common,
          type: 'amazon-ebsvolume',
          ebs_volumes: [
            { device_name: '/dev/xvdg', volume_size: 1, delete_on_termination: false, tags: { Zone: 'data' } },
          ],
        },
        [{ type: 'shell', inline: ['mkfs.ext4 -q /dev/xvdg'] }],
      );
      expect(output).toMatch(/us-east-1:vol-/);
      await rehearsal.settle();
      const ec2 = client(rehearsal.endpoints['aws']!, { region: 'us-east-1', key: 'GOLDSMITHREHEARSAL' });
      const left = items((await ec2('DescribeVolumes')).data['volumeSet']);
      expect(left).toMatchObject([{ status: 'available', tagSet: [{ key: 'Zone', value: 'data' }] }]);
      expect(rehearsal.warnings).toEqual([]);
    }, 120_000);
  },
);
