import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, BaseImage, FileProvisioner, Image, ShellProvisioner, ssh } from '../../../lib';
import { AmazonChrootSource, AmazonEbsSource, AmazonImage } from '../../../lib/platforms/aws';
import type { RunReport } from '../../../lib/engine';
import { describeIf } from '../../helpers/requires';
import { rehearse, type Rehearsing } from '../../rehearsal/context';
import { has, isRoot, mountsWith } from '../sandbox/able';
import { smallRoot } from './small-root';

const MINUTE = 60_000;
const region = 'eu-west-1';

describeIf(
  isRoot && has('losetup') && has('mkfs.ext4') && has('sfdisk'),
  'root, losetup, mkfs.ext4 and sfdisk are needed for volumes on this machine',
  'an image that is made by chroot on this machine',
  () => {
    let dir: string;
    let rehearsal: Rehearsing;

    beforeAll(async () => {
      dir = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-chroot-'));
      rehearsal = await rehearse({ speed: 2000 });
    }, MINUTE);

    afterAll(async () => {
      await rehearsal.close();
      await fs.rm(dir, { recursive: true, force: true });
    }, MINUTE);

    const base = AmazonImage.lookup({ owners: ['136693071363'], name: 'debian-12-amd64-*' });
    const mountPath = (): string => path.join(dir, 'mnt');
    const build = (app: App, env: object = {}): Promise<RunReport> =>
      app.build({ env: { PATH: process.env['PATH'], HOME: dir, ...rehearsal.environment, ...env } });
    const succeeded = async (app: App): Promise<RunReport> => {
      const report = await build(app);
      for (const { error } of report.nodes) if (error) throw new Error(`${error.message}\n${error.output ?? ''}`);
      return report;
    };
    const appOf = (): App => new App('chroot', { baseDir: dir, variables: {} });
    const left = (): string[] =>
      rehearsal.inventory().flatMap(({ deletedAt, kind }) => (deletedAt === undefined ? [kind] : []));
    /** An instance that starts from an image finds what a step looks for. */
    const look = (app: App, from: Image, command: string): void => {
      const next = new Image(app, 'Next');
      const communicator = ssh({ username: 'root' });
      const props = { region, instanceType: 't3.micro', communicator, skipCreateAmi: true };
      new AmazonEbsSource(next, 'Aws', { ...props, base: BaseImage.of(from) });
      new ShellProvisioner(next, 'Look', { inline: [command] });
    };

    test(
      'the steps run in the volume of the base, and nothing of this machine stays in it nor of it here',
      async () => {
        await fs.mkdir(path.join(dir, 'site'), { recursive: true });
        await fs.writeFile(path.join(dir, 'site', 'index.html'), 'hello\n');
        const app = appOf();
        const core = new Image(app, 'Core');
        new AmazonChrootSource(core, 'Aws', {
          region,
          base,
          mountPath: mountPath(),
          postMountCommands: ['test -b {{.Device}} && echo mounted at {{.MountPath}} > {{.MountPath}}/etc/post'],
          rootVolumeTags: { Name: 'root' },
        });
        new ShellProvisioner(core, 'Steps', {
          inline: [
            'test -e /proc/self/status && test -b /dev/loop0',
            `test ! -e ${dir}`,
            'cat /etc/resolv.conf > /etc/seen; echo chroot > /etc/made-by',
            // What goes on when the step is over holds the volume.
            'sleep 600 > /dev/null 2>&1 &',
          ],
        });
        new FileProvisioner(core, 'Site', { source: './site/', destination: '/var/site/' });
        look(
          app,
          core,
          'grep chroot /etc/made-by && grep hello /var/site/index.html && grep mounted /etc/post && test -s /etc/seen',
        );
        const { nodes } = await succeeded(app);
        expect(nodes[0]!.artifact).toMatchObject({ use: 'amazon-chroot', kind: 'ami' });
        await rehearsal.settle();
        expect(left().sort()).toEqual(['image', 'snapshot']);
        expect(mountsWith(dir)).toEqual([]);
        expect(rehearsal.warnings).toEqual([]);
      },
      2 * MINUTE,
    );

    test(
      'from scratch, and where a step fails nothing is left',
      async () => {
        const before = left();
        const failing = appOf();
        new AmazonChrootSource(new Image(failing, 'Bad'), 'Aws', {
          region,
          base,
          mountPath: mountPath(),
          postMountCommands: ['echo no luck; exit 4'],
        });
        const [bad] = (await build(failing)).nodes;
        expect(bad!.error?.message).toMatch(/ended with status 4/);
        expect(bad!.error?.output).toContain('no luck');
        await rehearsal.settle();
        expect(left()).toEqual(before);
        expect(mountsWith(dir)).toEqual([]);

        const app = appOf();
        const core = new Image(app, 'Scratch');
        new AmazonChrootSource(core, 'Aws', {
          region,
          fromScratch: true,
          rootVolumeSize: 1,
          rootDeviceName: '/dev/xvda',
          amiBlockDeviceMappings: [{ deviceName: '/dev/xvda', volumeType: 'gp3' }],
          mountPartition: '0',
          mountPath: mountPath(),
          preMountCommands: ['mkfs.ext4 -q {{.Device}}'],
          postMountCommands: [smallRoot('{{.MountPath}}')],
          copyFiles: [],
          chrootMounts: [['bind', '/dev', '/dev']],
          commandWrapper: 'env MARK=1 sh -c "true" && {{.Command}}',
        });
        new ShellProvisioner(core, 'Steps', { inline: ['echo scratch > /etc/made-by'] });
        look(app, core, 'grep scratch /etc/made-by');
        await succeeded(app);
        await rehearsal.settle();
        expect(mountsWith(dir)).toEqual([]);
      },
      2 * MINUTE,
    );

    test('says what is missing on a machine that is no instance, or one of another region', async () => {
      const problem = async (of: string, env: object): Promise<string> => {
        const app = appOf();
        new AmazonChrootSource(new Image(app, 'Core'), 'Aws', { region: of, base });
        const { nodes } = await build(app, env);
        return nodes.map(({ error }) => error?.message ?? 'none').join();
      };
      expect(await problem(region, { AWS_EC2_METADATA_SERVICE_ENDPOINT: undefined })).toMatch(
        /AWS_EC2_METADATA_SERVICE_ENDPOINT is not set/,
      );
    });
  },
);
