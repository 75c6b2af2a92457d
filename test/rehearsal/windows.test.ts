import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  App,
  FileProvisioner,
  Image,
  PowershellProvisioner,
  WindowsRestartProvisioner,
  WindowsShellProvisioner,
  winrm,
  type RunEvent,
  type RunReport,
} from '../../lib';
import { AmazonEbsSource, AmazonImage, type AmazonEbsSourceProps } from '../../lib/platforms/aws';
import { describeIf } from '../helpers/requires';
import { filesBelow } from '../helpers/lab';
import { isRoot } from '../platforms/sandbox/able';
import { rehearse, type Rehearsing } from './context';

const BASE = '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base';

describeIf(isRoot, 'root on Linux is needed for machines', 'an instance of Windows', () => {
  let folder: string;
  let state: string;
  let cloud: Rehearsing;
  beforeAll(async () => {
    state = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-windows-cloud-'));
    cloud = await rehearse({ stateDir: state, speed: 400 });
  });
  afterAll(async () => {
    await cloud.close();
    fs.rmSync(state, { recursive: true, force: true });
  });
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-windows-build-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** Passwords that machines have just now: only their own disks know them. */
  function passwords(): string[] {
    const all = path.join(state, 'windows');
    const files = fs.existsSync(all) ? fs.readdirSync(all) : [];
    return files.flatMap((name) => {
      const accounts = path.join(all, name, 'c/Windows/System32/config/SAM');
      return fs.existsSync(accounts) ? Object.values(JSON.parse(fs.readFileSync(accounts, 'utf8')) as object) : [];
    }) as string[];
  }

  function source(image: Image, props: Partial<AmazonEbsSourceProps> = {}): void {
    new AmazonEbsSource(image, 'Aws', {
      region: 'eu-west-1',
      instanceType: 't3.large',
      base: AmazonImage.fromSsmParameter(BASE),
      communicator: winrm({ timeout: '1m' }),
      ...props,
    } as AmazonEbsSourceProps);
  }

  async function build(
    app: App,
  ): Promise<{ report: RunReport; events: RunEvent[]; output: string; seen: Set<string> }> {
    const events: RunEvent[] = [];
    const seen = new Set<string>();
    const onEvent = (event: RunEvent): void => {
      events.push(event);
      for (const password of passwords()) seen.add(password);
    };
    const report = await app.build({ env: { ...cloud.environment, HOME: folder, PATH: process.env['PATH'] }, onEvent });
    await cloud.settle();
    const output = events.flatMap((event) => (event.type === 'output' ? [event.text] : [])).join('');
    return { report, events, output, seen };
  }

  const left = (): readonly string[] =>
    cloud
      .inventory()
      .filter(({ deletedAt, lasts }) => deletedAt === undefined && !lasts)
      .map(({ kind }) => kind);

  test('is built by its decrypted password, stops itself generalized, and what starts from it has another password', async () => {
    const app = new App('windows', { baseDir: folder, variables: {} });
    fs.writeFileSync(path.join(folder, 'site.txt'), 'from goldsmith');
    const core = new Image(app, 'Core');
    source(core, { disableStopInstance: true, amiName: 'windows-core' });
    new FileProvisioner(core, 'Site', { source: 'site.txt', destination: 'C:\\site.txt' });
    new PowershellProvisioner(core, 'Note', {
      inline: [
        "Set-Content -Path C:\\note.txt -Value ('hello ' + $env:WHO)",
        'Write-Output (Get-Content C:\\note.txt)',
        'Get-Content C:\\Windows\\System32\\config\\SAM',
      ],
      env: { WHO: 'windows' },
    });
    new WindowsRestartProvisioner(core, 'Restart');
    new WindowsShellProvisioner(core, 'Sysprep', {
      inline: ['"C:\\Program Files\\Amazon\\EC2Launch\\EC2Launch.exe" sysprep --shutdown'],
    });
    const web = new Image(app, 'Web');
    source(web, {
      base: undefined,
      sourceAmiFilter: { owners: ['self'], filters: { name: 'windows-core' } },
    } as object);
    web.node.addDependency(core);
    new PowershellProvisioner(web, 'Read', { inline: ['Get-Content C:\\note.txt', 'Get-Content C:\\site.txt'] });

    const { report, events, output, seen } = await build(app);
    expect(report.nodes.map(({ id, state, error }) => ({ id, state, error }))).toEqual([
      { id: 'Core/Aws', state: 'succeeded' },
      { id: 'Web/Aws', state: 'succeeded' },
    ]);
    expect(output.match(/hello windows/g)).toHaveLength(2);
    expect(output).toContain('from goldsmith');
    // The machine itself printed it, and nobody saw it.
    expect(output).toContain('"Administrator":"<sensitive>"');
    expect(seen.size).toBe(2);
    const written = Object.values(filesBelow(folder)).join('\n');
    for (const password of seen) {
      expect(password).toHaveLength(32);
      expect(JSON.stringify([report, events])).not.toContain(password);
      expect(written).not.toContain(password);
    }
    expect(left()).toEqual([]);
  }, 120_000);

  test('whose image was captured as it is keeps its password, and is told how to give it', async () => {
    const app = new App('kept', { baseDir: folder, variables: {} });
    source(new Image(app, 'Core'), { amiName: 'windows-kept' });
    const before = passwords();
    const first = await build(app);
    expect(first.report.nodes[0]?.error).toBeUndefined();
    const password = [...first.seen].find((one) => !before.includes(one));

    const next = (communicator: ReturnType<typeof winrm>): App => {
      const again = new App('again', { baseDir: folder, variables: {} });
      source(new Image(again, 'Web'), {
        base: undefined,
        sourceAmiFilter: { owners: ['self'], filters: { name: 'windows-kept' } },
        communicator,
        windowsPasswordTimeout: '2s',
      } as object);
      return again;
    };
    const { report } = await build(next(winrm({ timeout: '1m' })));
    expect(report.nodes[0]?.error).toMatchObject({ code: 'CONNECT_FAILED' });
    expect(report.nodes[0]?.error?.hint).toContain('`communicator.password`');
    const given = await build(next(winrm({ timeout: '1m', password: password! })));
    expect(given.report.nodes[0]?.error).toBeUndefined();
    expect(left()).toEqual([]);
  }, 120_000);
});
