import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image } from '../../../lib';
import {
  AmazonEbsSource,
  AmazonEbsSurrogateSource,
  AmazonEbsVolumeSource,
  AmazonImage,
} from '../../../lib/platforms/aws';
import { describeIf } from '../../helpers/requires';
import { Server } from './fidelity';
import { HAS_MOTO, NO_MOTO, startMoto, takenByMoto } from './moto';
import { UBUNTU } from './packer';
import { startProxy, type AwsProxy, type ProxyProps } from './proxy';
import { HAS_REHEARSAL, NO_REHEARSAL, startRehearsal } from './rehearsal-server';
import { describeWithSpecs } from './specs';

const MINUTE = 60_000;

interface Behind {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** The same build against each server that there is, before the published model. */
function built(start: () => Promise<Behind>, rewrite?: NonNullable<ProxyProps['rewrite']>): void {
  let dir: string;
  let server: Behind;
  let proxy: AwsProxy;

  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-ours-'));
    server = await start();
    proxy = await startProxy({ target: server.url, ...(rewrite && { rewrite }) });
  }, MINUTE);

  afterAll(async () => {
    await proxy.stop();
    await server.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  }, MINUTE);

  const build = async (): Promise<string[]> => {
    proxy.forget();
    const app = new App('ours', { baseDir: dir, variables: {} });
    new AmazonEbsSource(new Image(app, 'Core'), 'Aws', {
      region: 'us-east-1',
      instanceType: 't3.micro',
      communicator: 'none',
      amiName: 'ours-1',
      sourceAmiFilter: { filters: UBUNTU.filters, owners: UBUNTU.owners, mostRecent: UBUNTU.most_recent },
      amiRegions: ['eu-west-1'],
      amiUsers: ['123456789012'],
      snapshotUsers: ['123456789012'],
      tags: { OS: 'Ubuntu' },
      runTags: { Name: 'b' },
      runVolumeTags: { V: '1' },
      snapshotTags: { S: '1' },
    });
    return run(app);
  };

  const run = async (app: App): Promise<string[]> => {
    const report = await app.build({
      env: {
        HOME: dir,
        AWS_ENDPOINT_URL: proxy.url,
        AWS_ACCESS_KEY_ID: 'GOLDSMITHREHEARSAL',
        AWS_SECRET_ACCESS_KEY: 'rehearsal',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    return report.nodes.map(({ state, error }) => error?.message ?? state);
  };

  test(
    'works, each request is as the model says, and nothing is left but the image',
    async () => {
      expect(await build()).toEqual(['succeeded']);
      expect(proxy.problems('request')).toEqual([]);
      expect(proxy.counts()).toMatchObject({ CreateImage: 1, CopyImage: 1, TerminateInstances: 1 });
      const ec2 = new Server(server.url, MINUTE);
      const left = await ec2.call('DescribeInstances', {
        'Filter.1.Name': 'instance-state-name',
        'Filter.1.Value.1': 'running',
        'Filter.1.Value.2': 'stopped',
      });
      expect(left.body).not.toContain('<instanceId>');
      expect((await ec2.call('DescribeKeyPairs', {})).body).not.toContain('<keyName>');
    },
    2 * MINUTE,
  );

  test('takes at most three calls where nothing changed', async () => {
    expect(await build()).toEqual(['cached']);
    expect(proxy.problems('request')).toEqual([]);
    expect(proxy.passed.length).toBeLessThanOrEqual(3);
  });

  test(
    'of volumes beside the root works as well: an image of one, and one with a snapshot of its own',
    async () => {
      proxy.forget();
      const app = new App('ours', { baseDir: dir, variables: {} });
      const base = AmazonImage.lookup({ owners: UBUNTU.owners, filters: UBUNTU.filters });
      const instance = { region: 'us-east-1', instanceType: 't3.micro', communicator: 'none', base } as const;
      new AmazonEbsSurrogateSource(new Image(app, 'Root'), 'Aws', {
        ...instance,
        amiName: 'ours-root',
        launchBlockDeviceMappings: [{ deviceName: '/dev/sdf', volumeSize: 8, volumeType: 'gp3' }],
        amiRootDevice: { sourceDeviceName: '/dev/sdf', deviceName: '/dev/sda1', volumeType: 'gp3' },
        bootMode: 'uefi',
        snapshotDescription: 'root',
      });
      new AmazonEbsVolumeSource(new Image(app, 'Data'), 'Aws', {
        ...instance,
        ebsVolumes: [{ deviceName: '/dev/sdg', volumeSize: 1, snapshotVolume: true, tags: { V: '1' } }],
      });
      expect(await run(app)).toEqual(['succeeded', 'succeeded']);
      expect(proxy.problems('request')).toEqual([]);
      expect(proxy.counts()).toMatchObject({ CreateSnapshot: 2, RegisterImage: 1, TerminateInstances: 2 });
    },
    2 * MINUTE,
  );
}

describeWithSpecs('our own build', () => {
  describeIf(HAS_MOTO, NO_MOTO, 'on moto', () => built(startMoto, takenByMoto));
  describeIf(HAS_REHEARSAL, NO_REHEARSAL, 'on the rehearsal', () => built(startRehearsal));
});
