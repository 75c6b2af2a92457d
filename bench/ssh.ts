import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { slowLink } from '../test/communicators/ssh/slow-link';
import { startSshd, HAS_SSHD, type Sshd } from '../test/communicators/ssh/sshd';
import { compare, median, type Contestant } from './measure';
import { forget, GOLDSMITH, makeProject, PACKER_ENV, synth } from './project';
import { add } from './table';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const PACKER = '/usr/bin/packer';

interface Job {
  readonly steps?: readonly string[];
  readonly source?: string;
  readonly destination?: string;
  readonly builds?: number;
}

function project({ steps = [], source, destination, builds = 1 }: Job, sshd: Sshd, port: number): string {
  const login = { host: '127.0.0.1', port, username: 'root', privateKeyFile: sshd.userKey, hostKey: 'insecure' };
  const file =
    source === undefined ? '' : `new FileProvisioner(image, 'Files', ${JSON.stringify({ source, destination })});`;
  const program = `import { App, FileProvisioner, Image, ShellProvisioner, ssh } from 'goldsmith';
import { NullSource } from 'goldsmith/null';
const app = new App('bench');
for (let i = 0; i < ${builds}; i += 1) {
  const image = new Image(app, 'Image' + i);
  new NullSource(image, 'Host', { communicator: ssh(${JSON.stringify(login)} as never) });
  ${JSON.stringify(steps)}.forEach((step, n) => new ShellProvisioner(image, 'Step' + n, { inline: [step] }));
  ${file}
}
app.run();
`;
  const builders = Array.from({ length: builds }, (_, i) => ({
    type: 'null',
    name: `host${i}`,
    ssh_host: '127.0.0.1',
    ssh_port: port,
    ssh_username: 'root',
    ssh_private_key_file: sshd.userKey,
  }));
  const provisioners = [
    // Its own names have four digits: fifty builds on one machine would overwrite each other's scripts.
    ...steps.map((step, n) => ({ type: 'shell', inline: [step], remote_path: `/tmp/bench-{{build_name}}-${n}.sh` })),
    ...(source === undefined ? [] : [{ type: 'file', source, destination }]),
  ];
  const dir = makeProject({ 'images.ts': program, 'template.json': JSON.stringify({ builders, provisioners }) });
  synth(dir);
  return dir;
}

/** Runs a job by Packer, by goldsmith and by others, in turns, and prints the ratio of the medians. */
async function race(
  what: string,
  job: Job,
  sshd: Sshd,
  port: number,
  limit: number,
  clean: () => void = () => undefined,
  others: readonly Contestant[] = [],
) {
  const dir = project(job, sshd, port);
  const contestants: Contestant[] = [
    {
      name: 'packer',
      prepare: clean,
      command: { argv: [PACKER, 'build', 'template.json'], cwd: dir, env: PACKER_ENV },
    },
    {
      name: 'goldsmith',
      prepare: () => {
        forget(dir);
        clean();
      },
      command: { argv: [process.execPath, GOLDSMITH, 'build', 'goldsmith.out/plan.json', '--parallel', '0'], cwd: dir },
    },
    ...others,
  ];
  const results = await compare(contestants, ROUNDS);
  const wall = (name: string): number => median(results.get(name)!.map(({ wall: seconds }) => seconds));
  add({ what: `${what}: packer`, figure: wall('packer'), unit: 's' });
  add({ what: `${what}: goldsmith`, figure: wall('goldsmith'), unit: 's' });
  add({ what: `${what}: goldsmith, of packer's`, figure: wall('goldsmith') / wall('packer'), unit: '×', limit });
  fs.rmSync(dir, { recursive: true, force: true });
  return { wall, memory: Math.max(...results.get('goldsmith')!.map(({ memory }) => memory)) };
}

async function withSshd(body: (sshd: Sshd) => Promise<void>): Promise<void> {
  if (!HAS_SSHD || !fs.existsSync(PACKER)) {
    process.stdout.write('ssh: skipped, for it needs root, sshd and packer\n');
    return;
  }
  const sshd = await startSshd();
  try {
    await body(sshd);
  } finally {
    await sshd.stop();
  }
}

const TWENTY = Array.from({ length: 20 }, (_, n) => `echo ${n}`);
/** Milliseconds. */
const FAR = 50;

/** Twenty shell steps on a machine that is there already, near and far. */
export function sshSteps(): Promise<void> {
  return withSshd(async (sshd) => {
    await race('20 steps over SSH', { steps: TWENTY }, sshd, sshd.port, 0.25);
    const link = await slowLink(sshd.port, FAR);
    await race('20 steps over SSH, 50 ms away', { steps: TWENTY }, sshd, link.port, 0.25);
    link.stop();
  });
}

/** A folder of 2,000 files of 2 KB over a link of 50 ms. */
export function sshFolder(): Promise<void> {
  return withSshd(async (sshd) => {
    const source = path.join(sshd.dir, 'many');
    fs.mkdirSync(source);
    for (let n = 0; n < 2000; n += 1) fs.writeFileSync(path.join(source, String(n)), Buffer.alloc(2048, String(n)));
    const destination = path.join(sshd.dir, 'arrived');
    const clean = (): void => {
      fs.rmSync(destination, { recursive: true, force: true });
      fs.mkdirSync(destination);
    };
    const link = await slowLink(sshd.port, FAR);
    await race('2,000 files, 50 ms away', { source, destination }, sshd, link.port, 0.05, clean);
    link.stop();
  });
}

/** One file of 1 GiB on the loopback, by Packer, by goldsmith, and by OpenSSH's own scp. */
export function sshLargeFile(): Promise<void> {
  return withSshd(async (sshd) => {
    const source = path.join(sshd.dir, 'large');
    execFileSync('sh', ['-c', 'head -c 1073741824 /dev/urandom >"$1"', 'sh', source]);
    const destination = path.join(sshd.dir, 'arrived');
    const clean = (): void => fs.rmSync(destination, { force: true });
    const options = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'];
    const argv = [
      'scp',
      '-q',
      '-F',
      'none',
      ...options,
      '-i',
      sshd.userKey,
      '-P',
      String(sshd.port),
      source,
      `root@127.0.0.1:${destination}`,
    ];
    const scp = { name: 'scp', prepare: clean, command: { argv: argv as [string, ...string[]], cwd: sshd.dir } };
    const { wall } = await race('1 GiB', { source, destination }, sshd, sshd.port, 0.35, clean, [scp]);
    add({ what: '1 GiB: scp', figure: wall('scp'), unit: 's' });
    add({ what: "1 GiB: goldsmith, of scp's", figure: wall('goldsmith') / wall('scp'), unit: '×', limit: 1 });
  });
}

/** Fifty builds at once on one machine. */
export function sshManyBuilds(): Promise<void> {
  return withSshd(async (sshd) => {
    const { memory } = await race(
      '50 builds at once',
      { steps: ['echo 1', 'echo 2'], builds: 50 },
      sshd,
      sshd.port,
      0.5,
    );
    add({ what: '50 builds at once: peak memory of goldsmith', figure: memory, unit: 'MB', limit: 300 });
  });
}
