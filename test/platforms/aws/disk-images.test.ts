import { S3 } from '@aws-sdk/client-s3';
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  App,
  ArtificePostProcessor,
  ConvertPostProcessor,
  Image,
  PostProcessorChain,
  ShellProvisioner,
  ssh,
} from '../../../lib';
import { recover, type RunEvent, type RunReport } from '../../../lib/engine';
import { NullSource } from '../../../lib/platforms/null';
import {
  AmazonEbsDirectPostProcessor,
  AmazonEbsSource,
  AmazonImportPostProcessor,
  type AmazonEbsDirectPostProcessorProps,
} from '../../../lib/platforms/aws';
import { describeIf } from '../../helpers/requires';
import { startProxy, type AwsProxy } from '../../rehearsal/aws/proxy';
import { client, items, type Data } from '../../rehearsal/client';
import { rehearse, type Rehearsing } from '../../rehearsal/context';
import { lacksDiskTools, smallDisk } from '../../rehearsal/small-disk';
import { has, isRoot } from '../sandbox/able';
import { smallRoot } from './small-root';

const MINUTE = 60_000;
const region = 'eu-west-1';
const DIST = path.resolve(__dirname, '../../../dist');
const lacks = lacksDiskTools();

describeIf(
  isRoot && lacks === undefined && has('qemu-img') && fs.existsSync(path.join(DIST, 'platforms/aws/amazon-import.js')),
  `root, mkfs.ext4, sfdisk, qemu-img and a compiled package are needed (${lacks ?? 'npx tsc --build'})`,
  'a disk that was built here',
  () => {
    let dir: string;
    let rehearsal: Rehearsing;
    let proxy: AwsProxy;
    let ec2: ReturnType<typeof client>;

    beforeAll(async () => {
      dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-disk-images-'));
      const root = path.join(dir, 'root');
      fs.mkdirSync(root);
      execFileSync('sh', ['-ec', smallRoot(root)]);
      fs.writeFileSync(path.join(root, 'etc/made-by'), 'a disk\n');
      smallDisk(path.join(dir, 'disk.raw'), root, { table: 'gpt', size: 96 });
      rehearsal = await rehearse({ speed: 500 });
      proxy = await startProxy({ target: rehearsal.endpoints['aws']! });
      ec2 = client(proxy.url, { region });
    }, MINUTE);

    afterEach(() => checkExchanges());

    afterAll(async () => {
      await proxy?.stop();
      await rehearsal?.close();
      fs.rmSync(dir, { recursive: true, force: true });
    }, MINUTE);

    const env = (): Record<string, string | undefined> => ({
      PATH: process.env['PATH'],
      HOME: dir,
      ...rehearsal.environment,
      AWS_ENDPOINT_URL: proxy.url,
    });
    const build = async (app: App): Promise<RunReport> => {
      const report = await app.build({ env: env() });
      for (const { error } of report.nodes) if (error) throw new Error(`${error.message}\n${error.output ?? ''}`);
      return report;
    };
    const appOf = (name: string): App => new App(name, { baseDir: dir, variables: {} });
    const chainOf = (app: App, files = ['disk.raw']): PostProcessorChain => {
      const image = new Image(app, 'Core');
      new NullSource(image, 'Here', { communicator: 'local' });
      const chain = new PostProcessorChain(image, 'Release');
      new ArtificePostProcessor(chain, 'Disk', { files });
      return chain;
    };
    const direct: AmazonEbsDirectPostProcessorProps = { region, amiName: 'direct', bootMode: 'uefi-preferred' };
    const blocksSent = (): string[] =>
      proxy.passed.flatMap(({ action }) => (/^PUT .*\/blocks\//.test(action) ? [action] : []));
    const left = (): string[] =>
      rehearsal.inventory().flatMap((one) => (one.deletedAt === undefined ? [`${one.kind} in ${one.region}`] : []));
    /** Every request and answer is as the published models have it. */
    const checkExchanges = (): void => {
      expect([...proxy.problems('request'), ...proxy.problems('response')]).toEqual([]);
      proxy.forget();
    };
    /** Starts an instance from an image, and runs a command on it. */
    const look = async (imageId: string, command: string): Promise<void> => {
      const app = appOf('look');
      const web = new Image(app, 'Web');
      const source = { region, instanceType: 't3.micro', communicator: ssh({ username: 'root' }), skipCreateAmi: true };
      new AmazonEbsSource(web, 'Aws', { ...source, sourceAmi: imageId });
      new ShellProvisioner(web, 'Look', { inline: [command] });
      await build(app);
    };

    test(
      'becomes an image without any instance: what was sent before a kill -9 is not sent again, and a build starts from it',
      async () => {
        fs.writeFileSync(
          path.join(dir, 'victim.js'),
          `const { App, ArtificePostProcessor, Image, PostProcessorChain } = require(${JSON.stringify(DIST)});
           const { NullSource } = require(${JSON.stringify(`${DIST}/platforms/null`)});
           const { AmazonEbsDirectPostProcessor } = require(${JSON.stringify(`${DIST}/platforms/aws`)});
           const app = new App('direct', { baseDir: ${JSON.stringify(dir)}, variables: {} });
           const image = new Image(app, 'Core');
           new NullSource(image, 'Here', { communicator: 'local' });
           const chain = new PostProcessorChain(image, 'Release');
           new ArtificePostProcessor(chain, 'Disk', { files: ['disk.raw'] });
           new AmazonEbsDirectPostProcessor(chain, 'Ami', { ...${JSON.stringify(direct)}, parallelBlocks: 1 });
           app.build({ env: process.env }).then((report) => console.log(JSON.stringify(report)));`,
        );
        const victim = spawn(process.execPath, ['victim.js'], { cwd: dir, env: { ...env() } as NodeJS.ProcessEnv });
        let said = '';
        for (const stream of [victim.stdout, victim.stderr])
          stream.on('data', (data: Buffer) => (said += data.toString()));
        const ended = new Promise((resolve) => victim.once('exit', resolve));
        while (blocksSent().length < 8 && victim.exitCode === null)
          await new Promise((resolve) => setImmediate(resolve));
        victim.kill('SIGKILL');
        await ended;
        const before = new Set(blocksSent());
        if (before.size < 8) throw new Error(said);
        checkExchanges();

        const app = appOf('direct');
        const share = {
          amiUsers: ['210987654321'],
          snapshotUsers: ['210987654321'],
          tags: { OS: 'own' },
          amiRegions: ['us-east-1'],
        };
        new AmazonEbsDirectPostProcessor(chainOf(app), 'Ami', { ...direct, parallelBlocks: 1, ...share });
        const report = await build(app);
        const again = blocksSent().filter((action) => before.has(action));
        // One may have been taken, and its answer not have come before the end.
        expect(again.length).toBeLessThanOrEqual(1);
        expect(proxy.passed.filter(({ action }) => action === 'POST /snapshots')).toEqual([]);
        expect(proxy.passed.filter(({ action }) => action === 'RunInstances')).toEqual([]);
        const { artifact } = report.nodes.find(({ id }) => id.includes('/Ami'))!;
        expect(artifact).toMatchObject({ kind: 'ami', use: 'amazon-ebs-direct' });
        const { imageId, snapshotId, images } = artifact!.outputs as Record<string, string>;
        expect(Object.keys(images as unknown as object).sort()).toEqual([region, 'us-east-1']);

        const [image] = items((await ec2('DescribeImages', { 'ImageId.1': imageId! })).data['imagesSet']);
        expect(image).toMatchObject({
          name: 'direct',
          bootMode: 'uefi-preferred',
          imdsSupport: 'v2.0',
          enaSupport: 'true',
        });
        expect(JSON.stringify(image)).toContain('{"key":"OS","value":"own"}');
        const shared = await ec2('DescribeSnapshotAttribute', {
          SnapshotId: snapshotId!,
          Attribute: 'createVolumePermission',
        });
        expect(items(shared.data['createVolumePermission'])).toMatchObject([{ userId: '210987654321' }]);

        await look(imageId!, 'grep "a disk" /etc/made-by');
        // What took over the unfinished snapshot has it: the run that began it no longer does.
        const runs = fs.readdirSync(path.join(dir, '.goldsmith/runs')).filter((one) => one !== report.run);
        await recover({ projectDir: dir, env: env(), runs });
        expect((await ec2('DescribeSnapshots', { 'SnapshotId.1': snapshotId! })).code).toBeUndefined();
        // The same disk again: nothing is done.
        checkExchanges();
        const cached = await build(app);
        expect(cached.nodes.find(({ id }) => id.includes('/Ami'))?.state).toBe('cached');
        expect(blocksSent()).toEqual([]);
        await rehearsal.settle();
        expect(left().sort()).toEqual([
          'image in eu-west-1',
          'image in us-east-1',
          'snapshot in eu-west-1',
          'snapshot in us-east-1',
        ]);
      },
      3 * MINUTE,
    );

    test(
      'is told as kept where it was interrupted, stays for the next run, and goes when its run is named to recover',
      async () => {
        const stop = new AbortController();
        const app = appOf('stopped');
        new AmazonEbsDirectPostProcessor(chainOf(app), 'Ami', { ...direct, amiName: 'stopped', parallelBlocks: 1 });
        const onEvent = ({ type }: RunEvent): void => {
          if (type === 'progress' && blocksSent().length >= 3) stop.abort(new Error('enough'));
        };
        const report = await app.build({ env: env(), signal: stop.signal, onEvent });
        expect(report).toMatchObject({
          status: 'cancelled',
          left: [{ kind: 'amazon-ebs-direct:snapshot', why: 'kept' }],
        });
        const { id } = report.left[0]!;
        const state = async (): Promise<unknown> =>
          items(
            (await ec2('DescribeSnapshots', { 'Filter.1.Name': 'snapshot-id', 'Filter.1.Value.1': id })).data[
              'snapshotSet'
            ],
          )[0]?.['status'];
        const options = { projectDir: dir, env: env() };
        expect((await recover(options)).destroyed).toEqual([]);
        expect(await state()).toBe('pending');
        expect((await recover({ ...options, runs: [report.run] })).destroyed).toMatchObject([{ id }]);
        expect(await state()).toBeUndefined();
        // What is gone is begun anew.
        expect((await build(app)).status).toBe('succeeded');
        expect((await recover({ ...options, runs: [report.run] })).destroyed).toEqual([]);
      },
      2 * MINUTE,
    );

    test(
      'of another format is converted, sent encrypted, and replaces the image of its name where that is asked for',
      async () => {
        const app = appOf('convert');
        const chain = chainOf(app);
        new ConvertPostProcessor(chain, 'Qcow2', { formats: ['qcow2'], output: 'disk.qcow2' });
        const key = '11111111-2222-3333-4444-555555555555';
        const more = { forceDeregister: true, encryptBoot: true, kmsKeyId: key, volumeSize: 3 };
        new AmazonEbsDirectPostProcessor(chain, 'Ami', { ...direct, amiName: 'encrypted', ...more });
        const { nodes } = await build(app);
        const { imageId } = nodes.find(({ id }) => id.includes('/Ami'))!.artifact!.outputs as Record<string, string>;
        const [image] = items((await ec2('DescribeImages', { 'ImageId.1': imageId! })).data['imagesSet']);
        const { ebs } = items(image!['blockDeviceMapping'])[0]! as Record<string, Data>;
        expect(ebs).toMatchObject({ encrypted: 'true', volumeSize: '3', volumeType: 'gp3' });
        await look(imageId!, 'grep "a disk" /etc/made-by');
      },
      2 * MINUTE,
    );

    test(
      'is imported by way of a bucket, where nothing is left of it, under the name that it shall have',
      async () => {
        const credentials = { accessKeyId: 'GOLDSMITHREHEARSAL', secretAccessKey: 'rehearsal' };
        const s3Client = new S3({ region, endpoint: proxy.url, forcePathStyle: true, credentials });
        await s3Client.createBucket({
          Bucket: 'acme-images',
          CreateBucketConfiguration: { LocationConstraint: region },
        });
        s3Client.destroy();
        const app = appOf('import');
        const chain = chainOf(app);
        new ConvertPostProcessor(chain, 'Qcow2', { formats: ['qcow2'], output: 'import.qcow2' });
        const s3 = { s3BucketName: 'acme-images', s3KeyName: 'disk-{{timestamp}}', s3Encryption: 'AES256' } as const;
        const more = { roleName: 'importer', licenseType: 'BYOL', platform: 'linux', bootMode: 'uefi' } as const;
        new AmazonImportPostProcessor(chain, 'Ami', {
          region,
          amiName: 'imported',
          ...s3,
          ...more,
          tags: { OS: 'own' },
          keepInputArtifact: true,
        });
        proxy.forget();
        const before = left();
        const { nodes } = await build(app);
        const { imageId } = nodes.find(({ id }) => id.includes('/Ami'))!.artifact!.outputs as Record<string, string>;
        const asked = proxy.passed.find(({ action }) => action === 'ImportImage')!.body;
        expect(decodeURIComponent(asked)).toMatch(
          /DiskContainer\.1\.Format=VMDK.*S3Key=disk-\d+\.vmdk.*RoleName=importer/,
        );
        const [image] = items((await ec2('DescribeImages', { 'ImageId.1': imageId! })).data['imagesSet']);
        expect(image).toMatchObject({ name: 'imported', bootMode: 'uefi', imdsSupport: 'v2.0' });
        await look(imageId!, 'grep "a disk" /etc/made-by');
        await rehearsal.settle();
        expect(left().slice(before.length)).toEqual(['snapshot in eu-west-1', 'image in eu-west-1']);

        // What AWS cannot read it says, and nothing of that is left.
        fs.writeFileSync(path.join(dir, 'broken.vmdk'), 'no disk');
        const wrong = appOf('broken');
        new AmazonImportPostProcessor(chainOf(wrong, ['broken.vmdk']), 'Ami', {
          region,
          amiName: 'broken',
          ...s3,
          keepInputArtifact: true,
        });
        await expect(build(wrong)).rejects.toThrow(/broken\.vmdk/);
        await rehearsal.settle();
        expect(left().slice(before.length)).toEqual(['snapshot in eu-west-1', 'image in eu-west-1']);
      },
      2 * MINUTE,
    );
  },
);
