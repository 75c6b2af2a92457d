import * as fs from 'node:fs';
import * as path from 'node:path';
import { UBUNTU } from '../test/rehearsal/aws/packer';
import { counted, startProxy, type AwsProxy, type Passed } from '../test/rehearsal/aws/proxy';
import { HAS_REHEARSAL, startRehearsal } from '../test/rehearsal/aws/rehearsal-server';
import { measure, median, type Command } from './measure';
import { newestPacker, type Packer } from './newest-packer';
import { forget, GOLDSMITH, makeProject, PACKER_ENV, ROOT, synth } from './project';
import { add } from './table';

/** A round takes as long as the cloud does: some minutes. */
const ROUNDS = Number(process.env['BENCH_AWS_ROUNDS'] ?? 1);
/** How many seconds of the cloud pass in one of ours: with more than 1 it is shorter, and who waits longer between two looks loses. */
const SPEED = process.env['BENCH_AWS_SPEED'] ?? '1';
/** Debian's is the yardstick. */
const PACKER: Packer = { name: 'packer', path: '/usr/bin/packer', env: {} };
/** Milliseconds that one call takes: AWS promises nothing, and most of EC2's are of this size. */
const CALL = 100;
const ACCOUNT = '123456789012';
const CREDENTIALS = { access: 'GOLDSMITHREHEARSAL', secret: 'rehearsal' };

interface Job {
  readonly builds: number;
  /** Shell steps over SSH; without any nothing connects. */
  readonly steps: readonly string[];
  /** Copied into another region and shared. */
  readonly published: boolean;
}

const ONE: Job = { builds: 1, steps: ['echo 1 > /tmp/one', 'echo 2 > /tmp/two'], published: true };
const FIFTY: Job = { builds: 50, steps: [], published: false };

const { filters: FILTERS, owners: OWNERS } = UBUNTU;
const TAGS = { tags: { OS: 'Ubuntu' }, runTags: { Name: 'bench' }, snapshotTags: { S: '1' } };

/** The job as a goldsmith program. */
function program({ builds, steps, published }: Job): string {
  const props = {
    region: 'us-east-1',
    instanceType: 't3.micro',
    sourceAmiFilter: { filters: FILTERS, owners: OWNERS, mostRecent: true },
    ...TAGS,
    ...(published && { amiRegions: ['eu-west-1'], amiUsers: [ACCOUNT], snapshotUsers: [ACCOUNT] }),
  };
  const communicator = steps.length === 0 ? `'none'` : `ssh({ username: 'ubuntu' })`;
  return `import { App, Image, ShellProvisioner, ssh, text, timestamp } from 'goldsmith';
import { AmazonEbsSource } from 'goldsmith/aws';
const app = new App('bench');
for (let i = 0; i < ${builds}; i += 1) {
  const image = new Image(app, 'Image' + i);
  new AmazonEbsSource(image, 'Aws', {
    ...${JSON.stringify(props)},
    amiName: text\`goldsmith-\${i}-\${timestamp()}\`,
    communicator: ${communicator},
  });
  ${JSON.stringify(steps)}.forEach((step, n) => new ShellProvisioner(image, 'Step' + n, { inline: [step] }));
}
app.run();
`;
}

/** The same as a Packer template. */
function template({ builds, steps, published }: Job, url: string): string {
  const builders = Array.from({ length: builds }, (_, i) => ({
    type: 'amazon-ebs',
    name: `image${i}`,
    access_key: CREDENTIALS.access,
    secret_key: CREDENTIALS.secret,
    region: 'us-east-1',
    custom_endpoint_ec2: url,
    skip_credential_validation: true,
    skip_metadata_api_check: true,
    source_ami_filter: { filters: FILTERS, owners: OWNERS, most_recent: true },
    instance_type: 't3.micro',
    ssh_username: 'ubuntu',
    communicator: steps.length === 0 ? 'none' : 'ssh',
    ami_name: `packer-${i}-{{timestamp}}`,
    tags: TAGS.tags,
    run_tags: TAGS.runTags,
    snapshot_tags: TAGS.snapshotTags,
    ...(published && { ami_regions: ['eu-west-1'], ami_users: [ACCOUNT], snapshot_users: [ACCOUNT] }),
  }));
  return JSON.stringify({ builders, provisioners: steps.map((step) => ({ type: 'shell', inline: [step] })) });
}

/** One run, and the calls that it made. */
interface Counted {
  readonly wall: number;
  readonly memory: number;
  readonly calls: readonly Passed[];
}

/** Both programs in a folder, before one proxy. */
class Race {
  private readonly dir: string;

  constructor(
    job: Job,
    private readonly proxy: AwsProxy,
  ) {
    this.dir = makeProject({ 'images.ts': program(job), 'template.json': template(job, proxy.url) });
    synth(this.dir);
  }

  packer({ path: file, env }: Packer = PACKER): Promise<Counted> {
    const own = { ...PACKER_ENV, AWS_EC2_METADATA_DISABLED: 'true', ...env };
    return this.run({ argv: [file, 'build', 'template.json'], cwd: this.dir, env: own });
  }

  /** Our build: from nothing, as Packer's is, unless what was built before is to be found. */
  goldsmith(again = false): Promise<Counted> {
    if (!again) {
      forget(this.dir);
      fs.rmSync(path.join(this.dir, 'goldsmith.lock.json'), { force: true });
    }
    const env = {
      AWS_ENDPOINT_URL: this.proxy.url,
      AWS_ACCESS_KEY_ID: CREDENTIALS.access,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secret,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const argv = [process.execPath, GOLDSMITH, 'build', 'goldsmith.out/plan.json', '--parallel', '0'] as const;
    return this.run({ argv: [...argv], cwd: this.dir, env });
  }

  drop(): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  private async run(command: Command): Promise<Counted> {
    this.proxy.forget();
    const measured = await measure(command);
    const calls = [...this.proxy.passed];
    process.stdout.write(`  ${path.basename(command.argv[0])}: ${measured.wall.toFixed(1)} s, ${calls.length} calls\n`);
    return { ...measured, calls };
  }
}

/** Calls that only ask whether something is ready yet: what a build does not make, or look for by name or owner. */
function waiting(calls: readonly Passed[]): readonly Passed[] {
  const asked = /^Describe(Instances|InstanceStatus|Images|Snapshots|Volumes|SpotInstanceRequests)$/;
  return calls.filter(({ action, body }) => asked.test(action) && !/Owner\.1=|Filter\.1\.Name=name&/.test(body));
}

async function withProxy(why: string, delay: number, body: (proxy: AwsProxy) => Promise<void>): Promise<void> {
  if (!fs.existsSync(PACKER.path) || !HAS_REHEARSAL || !fs.existsSync(path.join(ROOT, 'dist', 'platforms', 'aws'))) {
    process.stdout.write(`${why}: skipped, for it needs packer, and goldsmith with AWS and its rehearsal\n`);
    return;
  }
  const server = await startRehearsal('--speed', SPEED);
  const proxy = await startProxy({ target: server.url, delay: () => delay });
  try {
    await body(proxy);
  } finally {
    await proxy.stop();
    await server.stop();
  }
}

function table(calls: readonly Passed[]): string {
  const counts = Object.entries(counted(calls)).sort(([, a], [, b]) => b - a);
  return counts.map(([action, count]) => `${action} ${count}`).join(', ');
}

/** One build with two steps over SSH, a copy and shares: calls, time, and the calls where nothing changed. */
export function awsOneBuild(): Promise<void> {
  return withProxy('one build on AWS', CALL, async (proxy) => {
    const race = new Race(ONE, proxy);
    const newest = newestPacker('amazon');
    const runs: { readonly packer: Counted; readonly ours: Counted; readonly again: Counted }[] = [];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        runs.push({ packer: await race.packer(), ours: await race.goldsmith(), again: await race.goldsmith(true) });
      }
      if (newest) {
        const { wall, calls } = await race.packer(newest);
        add({ what: `one build on AWS: calls of ${newest.name}`, figure: calls.length, unit: '' });
        add({ what: `one build on AWS: ${newest.name}`, figure: wall, unit: 's' });
      }
    } finally {
      race.drop();
    }
    const counts = (who: 'packer' | 'ours' | 'again'): number => median(runs.map((run) => run[who].calls.length));
    const wall = (who: 'packer' | 'ours'): number => median(runs.map((run) => run[who].wall));
    const last = runs.at(-1)!;
    process.stdout.write(`  packer: ${table(last.packer.calls)}\n  goldsmith: ${table(last.ours.calls)}\n`);
    add({ what: 'one build on AWS: calls of packer', figure: counts('packer'), unit: '' });
    add({ what: 'one build on AWS: calls of goldsmith', figure: counts('ours'), unit: '' });
    const fewer = counts('ours') / counts('packer');
    add({ what: "one build on AWS: calls, of packer's", figure: fewer, unit: '×', limit: 0.7 });
    add({ what: 'one build on AWS: packer', figure: wall('packer'), unit: 's' });
    add({ what: 'one build on AWS: goldsmith', figure: wall('ours'), unit: 's' });
    const faster = wall('ours') / wall('packer');
    add({ what: "one build on AWS: goldsmith, of packer's", figure: faster, unit: '×', limit: 0.8 });
    add({ what: 'one build on AWS: calls where nothing changed', figure: counts('again'), unit: '', limit: 3 });
  });
}

/** Fifty builds at once: how often each asks whether it may go on. */
export function awsManyBuilds(): Promise<void> {
  return withProxy('50 builds on AWS', CALL, async (proxy) => {
    const race = new Race(FIFTY, proxy);
    try {
      const packer = await race.packer();
      const ours = await race.goldsmith();
      const each = ({ calls }: Counted): number => waiting(calls).length / FIFTY.builds;
      process.stdout.write(`  packer: ${table(packer.calls)}\n  goldsmith: ${table(ours.calls)}\n`);
      add({ what: '50 builds on AWS: calls a build while waiting, packer', figure: each(packer), unit: '' });
      add({ what: '50 builds on AWS: calls a build while waiting, goldsmith', figure: each(ours), unit: '' });
      const ratio = each(ours) / each(packer);
      add({ what: "50 builds on AWS: calls while waiting, of packer's", figure: ratio, unit: '×', limit: 0.1 });
      add({ what: '50 builds on AWS: packer', figure: packer.wall, unit: 's' });
      add({ what: '50 builds on AWS: goldsmith', figure: ours.wall, unit: 's' });
      add({ what: '50 builds on AWS: peak memory of goldsmith', figure: ours.memory, unit: 'MB' });
    } finally {
      race.drop();
    }
  });
}
