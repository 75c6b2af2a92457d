import {
  App,
  CompressPostProcessor,
  Image,
  ManifestPostProcessor,
  PostProcessorChain,
  ShellProvisioner,
  Verification,
} from '../../../../lib';
import { FileJournal, type Journal, type JournalRecord } from '../../../../lib/engine';
import { DockerSavePostProcessor, DockerSource } from '../../../../lib/platforms/docker';
import { NullSource } from '../../../../lib/platforms/null';
import { QemuSource } from '../../../../lib/platforms/qemu';
import { SandboxBase, SandboxSource } from '../../../../lib/platforms/sandbox';
import { talkToThisMachine } from './idle-guest';

/** What to build, and when to die. */
export interface Order {
  readonly platform: 'docker' | 'sandbox' | 'qemu' | 'null';
  readonly base: string;
  readonly projectDir: string;
  readonly app: string;
  /** How much the first step writes: making an image of it takes the longer. */
  readonly megabytes?: number;
  readonly kill?: Kill;
}

/** When to die, by the number of the moment. */
export interface Kill {
  /**
   * `after` a record is durable; `before` the id of what was just created is durable; `during` a creation, `delay` milliseconds
   * after it was announced; at an `event`.
   */
  readonly when: 'after' | 'before' | 'during' | 'event';
  readonly at: number;
  readonly delay?: number;
}

/** A journal that takes the process with it. */
class DeadlyJournal implements Journal {
  private count = 0;

  constructor(
    private readonly inner: Journal,
    private readonly kill: Kill,
  ) {}

  async append(record: JournalRecord): Promise<void> {
    const { when, delay = 0 } = this.kill;
    if (when === 'before' && record.type === 'created') this.next();
    await this.inner.append(record);
    if (when === 'after') this.next();
    if (when === 'during' && record.type === 'intent' && (this.count += 1) === this.kill.at) setTimeout(die, delay);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private next(): void {
    if ((this.count += 1) === this.kill.at) die();
  }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

function source(image: Image, { platform, base }: Order): void {
  if (platform === 'docker') new DockerSource(image, 'On', { base, network: 'none' });
  else if (platform === 'sandbox') new SandboxSource(image, 'On', { base: SandboxBase.minimal() });
  else if (platform === 'null') new NullSource(image, 'On');
  else {
    new QemuSource(image, 'On', {
      image: base,
      imageChecksum: 'none',
      imageFormat: 'raw',
      cloudInit: false,
      communicator: 'none',
      accelerator: 'tcg',
      memory: 16,
      shutdownTimeout: '10ms',
      output: `out/${image.node.id}.qcow2`,
    });
  }
}

function tree(order: Order): App {
  const { platform, app: name, projectDir, megabytes } = order;
  const bulk = megabytes === undefined ? [] : [`head -c ${megabytes}000000 /dev/zero >bulk`];
  const app = new App(name, { baseDir: projectDir, variables: {} });
  const core = new Image(app, 'Core');
  source(core, order);
  new ShellProvisioner(core, 'One', { inline: ['echo one >one', ...bulk] });
  new ShellProvisioner(core, 'Two', { inline: ['echo two >>one'] });
  const web = platform === 'null' ? new Image(app, 'Web') : new Image(app, 'Web', { from: core });
  if (platform === 'null') source(web, order);
  new ShellProvisioner(web, 'Three', { inline: [platform === 'null' ? 'echo three >web' : 'cat one >web'] });
  if (platform === 'null') return app;
  new Verification(web, 'Sound', { commands: [platform === 'qemu' ? 'grep -q two web' : 'grep -q two /web'] });
  new ManifestPostProcessor(web, 'Manifest', { output: 'manifest.json' });
  const chain = new PostProcessorChain(web, 'Ship');
  if (platform === 'docker') {
    new DockerSavePostProcessor(chain, 'Save', { path: 'out/web.tar' });
    new CompressPostProcessor(chain, 'Gzip', { output: 'out/web.tar.gz', keepInputArtifact: false });
  } else new CompressPostProcessor(chain, 'Gzip', { output: 'out/web.tar.gz' });
  return app;
}

async function main(order: Order): Promise<void> {
  const { kill, platform, projectDir } = order;
  if (platform === 'qemu') talkToThisMachine(projectDir);
  let events = 0;
  const report = await tree(order).build({
    ...(kill && { openJournal: async (file) => new DeadlyJournal(await FileJournal.open(file), kill) }),
    onEvent: (event) => {
      events += 1;
      if (kill?.when === 'event' && events === kill.at) die();
      if (event.type === 'step-finished' && event.state === 'cached') process.stdout.write(`cached ${event.step}\n`);
      if (event.type === 'node-finished') process.stdout.write(`${event.state} ${event.node}\n`);
      if (event.type === 'node-finished' && event.error) process.stdout.write(`${event.error.message}\n`);
      if (event.type === 'message' && event.level !== 'info') process.stdout.write(`${event.text}\n`);
    },
  });
  process.exitCode = report.ok ? 0 : 1;
}

if (require.main === module) void main(JSON.parse(process.argv[2]!) as Order);
