import * as os from 'node:os';
import * as path from 'node:path';
import { awsManyBuilds, awsOneBuild } from './aws';
import { fiveSteps, lastStepChanged, manyImages } from './docker';
import { compare, measure, median } from './measure';
import { GOLDSMITH, ROOT } from './project';
import { qemuDisk } from './qemu';
import { sshFolder, sshLargeFile, sshManyBuilds, sshSteps } from './ssh';
import { add, over } from './table';

const SUITES: Readonly<Record<string, () => Promise<void>>> = {
  'five-steps': fiveSteps,
  'last-step': lastStepChanged,
  'many-images': manyImages,
  'ssh-steps': sshSteps,
  'ssh-folder': sshFolder,
  'ssh-large-file': sshLargeFile,
  'ssh-many-builds': sshManyBuilds,
  'aws-one-build': awsOneBuild,
  'aws-many-builds': awsManyBuilds,
  qemu: qemuDisk,
  synth: synthLarge,
  list: listCold,
};

/** Ten times as much must take no more than about ten times as long. */
const LINEAR = 13;

async function synthLarge(): Promise<void> {
  const script = path.join(ROOT, 'bench', 'synth.js');
  const run = (images: number) =>
    measure({ argv: [process.execPath, '--max-old-space-size=8192', script, String(images)], cwd: ROOT });
  const small = await Promise.all([run(1000)]);
  for (let round = 0; round < 2; round += 1) small.push(await run(1000));
  const seconds = median(small.map(({ wall }) => wall));
  add({ what: 'synth of 1,000 images × 3 sources × 20 provisioners', figure: seconds, unit: 's', limit: 2 });
  add({
    what: 'synth of 1,000 images: peak memory',
    figure: Math.max(...small.map(({ memory }) => memory)),
    unit: 'MB',
    limit: 500,
  });
  const large = await run(10_000);
  add({ what: 'synth of 10,000 images, of 1,000', figure: large.wall / seconds, unit: '×', limit: LINEAR });
}

async function listCold(): Promise<void> {
  const example = path.join(ROOT, 'examples', 'quickstart');
  const results = await compare(
    [{ name: 'list', command: { argv: [process.execPath, GOLDSMITH, 'list'], cwd: example } }],
    5,
  );
  add({
    what: '`goldsmith list` of the quickstart',
    figure: median(results.get('list')!.map(({ wall }) => wall)),
    unit: 's',
    limit: 0.7,
  });
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  process.stdout.write(`node ${process.version}, ${os.cpus().length} cores, ${os.type()} ${os.release()}\n\n`);
  for (const [name, suite] of Object.entries(SUITES)) {
    if (wanted.length === 0 || wanted.includes(name)) await suite();
  }
  process.stdout.write(`\n${over()} over their limit\n`);
  process.exitCode = over() > 0 ? 1 : 0;
}

void main();
