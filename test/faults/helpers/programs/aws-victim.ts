import { App, Image, Secret, ShellProvisioner, ssh, Verification, type RunReport } from '../../../../lib';
import type { Clock } from '../../../../lib/engine';
import { systemClock } from '../../../../lib/engine/clock';
import { AmazonEbsSource, AmazonImage, type AmazonEbsSourceProps } from '../../../../lib/platforms/aws';

/** Images to build on AWS, as a seed chose them. */
export interface AwsOrder {
  readonly projectDir: string;
  readonly app: string;
  /** Whether somebody logs in and writes into the machines. */
  readonly logsIn: boolean;
  readonly spot: boolean;
  /** Name of the images; undefined: one of their own each time. */
  readonly name?: string;
  readonly regions: readonly string[];
  readonly users: readonly string[];
  readonly profile: boolean;
  readonly protect: boolean;
  readonly encrypt: boolean;
  readonly verify: 'none' | 'sound' | 'unsound';
}

/** The account that images are shared with. */
export const FRIEND = '210987654321';
/** How much faster than in life the build believes time to pass: its pauses are the shorter. */
export const HASTE = 10;

/** A clock that runs fast. */
export function hastyClock(): Clock {
  const from = Date.now();
  return {
    now: () => from + (Date.now() - from) * HASTE,
    sleep: (ms, signal) => systemClock.sleep(ms / HASTE, signal),
  };
}

/** What a file of an image must hold. */
export const CONTENT = { core: 'core of gold', web: 'web of silver' } as const;

/** Core, and Web from it. */
export function tree(order: AwsOrder): App {
  const { name, regions, users, logsIn } = order;
  const app = new App(order.app, { baseDir: order.projectDir, variables: {} });
  const common = {
    region: 'eu-west-1',
    instanceType: ['t3.small', 't3a.small', 't2.small'],
    ...(order.spot && { spotInstanceTypes: ['t3.small', 't3a.small'], spotFallback: true }),
    communicator: logsIn ? ssh({ username: 'ubuntu' }) : 'none',
  } satisfies Partial<AmazonEbsSourceProps>;
  const core = new Image(app, 'Core');
  new AmazonEbsSource(core, 'Aws', {
    ...common,
    base: AmazonImage.lookup({ owners: ['099720109477'], name: 'ubuntu/images/*-24.04-amd64-server-*' }),
    ...(name !== undefined && { amiName: `core-${name}` }),
    ...(order.encrypt && { encryptBoot: true }),
    ...(order.profile && {
      temporaryIamInstanceProfilePolicyDocument: {
        Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'] }],
      },
    }),
    tags: { Team: 'gold' },
  });
  const props: Partial<AmazonEbsSourceProps> = {
    ...(name !== undefined && { amiName: `web-${name}` }),
    amiRegions: [...regions],
    amiUsers: [...users],
    snapshotUsers: [...users],
    ...(order.protect && { deregistrationProtection: { enabled: true } }),
  };
  const web = new Image(app, 'Web', { from: core, sources: { Aws: props } });
  if (!logsIn) return app;
  const environment = { TOKEN: Secret.fromEnv('PLANTED') };
  new ShellProvisioner(core, 'Write', {
    env: environment,
    inline: [`echo '${CONTENT.core}' | sudo tee /golden`, 'echo "the token is $TOKEN"'],
  });
  new ShellProvisioner(web, 'Write', { inline: [`grep -q gold /golden && echo '${CONTENT.web}' | sudo tee /web`] });
  if (order.verify !== 'none') {
    new Verification(web, 'Sound', { commands: [order.verify === 'sound' ? 'grep -q silver /web' : 'false'] });
  }
  return app;
}

/** What is said of each node, for who started this. */
export interface Told {
  readonly nodes: readonly { readonly id: string; readonly state: string; readonly error?: string }[];
  readonly left: RunReport['left'];
}

async function main(order: AwsOrder): Promise<void> {
  const report = await tree(order).build({
    clock: hastyClock(),
    onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
  });
  const told: Told = {
    nodes: report.nodes.map(({ id, state, error }) => ({
      id,
      state,
      ...(error && { error: `${error.code} ${error.message}` }),
    })),
    left: report.left,
  };
  process.stdout.write(`TOLD ${JSON.stringify(told)}\n`);
  process.exitCode = report.ok ? 0 : 1;
}

if (require.main === module) void main(JSON.parse(process.argv[2]!) as AwsOrder);
