import * as fs from 'node:fs';
import * as path from 'node:path';
import { compare, measure, median, type Contestant } from './measure';
import {
  BASE,
  docker,
  dropImages,
  dropProject,
  forget,
  GOLDSMITH,
  makeProject,
  packers,
  PACKER_ENV,
  synth,
} from './project';
import { add } from './table';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);

/** Images of so many shell steps each, as a goldsmith program. */
function program(images: number, steps: readonly string[]): string {
  return `import { App, Image, ShellProvisioner } from 'goldsmith';
import { DockerSource } from 'goldsmith/docker';
const app = new App('bench');
for (let i = 0; i < ${images}; i += 1) {
  const image = new Image(app, 'Image' + i);
  new DockerSource(image, 'Docker', { base: '${BASE}' });
  ${JSON.stringify(steps)}.forEach((step, n) => new ShellProvisioner(image, 'Step' + n, { inline: [step] }));
}
app.run();
`;
}

/** The same as a Packer template. */
function template(images: number, steps: readonly string[]): string {
  const builders = Array.from({ length: images }, (_, i) => ({
    type: 'docker',
    name: `image${i}`,
    image: BASE,
    pull: false,
    commit: true,
  }));
  return JSON.stringify({ builders, provisioners: steps.map((step) => ({ type: 'shell', inline: [step] })) });
}

function packerContestants(dir: string): Contestant[] {
  return packers().map(({ name, path: file, env }) => ({
    name,
    prepare: dropImages,
    command: { argv: [file, 'build', 'template.json'], cwd: dir, env: { ...PACKER_ENV, ...env } },
  }));
}

function ours(name: string, dir: string, argv: readonly [string, ...string[]], prepare: () => void): Contestant {
  return { name, prepare, command: { argv, cwd: dir } };
}

/** Five shell steps in Docker, from an image that is already there; then the same again, with nothing changed. */
export async function fiveSteps(): Promise<void> {
  const steps = [1, 2, 3, 4, 5].map((n) => `echo ${n} > /step${n}`);
  const dir = makeProject({ 'images.ts': program(1, steps), 'template.json': template(1, steps) });
  synth(dir);
  const fresh = (): void => {
    forget(dir);
    dropImages();
  };
  const plan = [process.execPath, GOLDSMITH, 'build', 'goldsmith.out/plan.json'] as const;
  const results = await compare(
    [
      ...packerContestants(dir),
      ours('plan without checkpoints', dir, [...plan, '--no-checkpoints'], fresh),
      ours('TypeScript', dir, ['npx', 'goldsmith', 'build'], fresh),
      ours('plan with checkpoints', dir, plan, fresh),
      ours('unchanged', dir, plan, () => undefined),
    ],
    ROUNDS,
  );
  const wall = (name: string): number => median(results.get(name)!.map(({ wall: seconds }) => seconds));
  for (const { name } of packers()) add({ what: `five steps: ${name}`, figure: wall(name), unit: 's' });
  const yardstick = wall('packer');
  const limits = { 'plan without checkpoints': 0.4, 'plan with checkpoints': 0.5, TypeScript: 0.7, unchanged: 0.2 };
  for (const [name, limit] of Object.entries(limits)) {
    add({ what: `five steps: ${name}`, figure: wall(name), unit: 's' });
    add({ what: `five steps: ${name}, of packer's`, figure: wall(name) / yardstick, unit: '×', limit });
  }
  const since = String(Math.floor(Date.now() / 1000));
  await measure({ argv: plan, cwd: dir });
  const until = String(Math.ceil(Date.now() / 1000));
  const started = docker(
    'events',
    '--since',
    since,
    '--until',
    until,
    '--filter',
    'event=start',
    '--filter',
    'label=dev.goldsmith.app=bench',
  );
  add({ what: 'five steps: unchanged, containers started', figure: started.length, unit: '', limit: 0 });
  dropProject(dir);
}

/** Five steps of two seconds each, of which the last is changed: only that one may run. */
export async function lastStepChanged(): Promise<void> {
  const steps = (last: number): string[] => [1, 2, 3, 4, last].map((n) => `sleep 2; echo ${n} > /step`);
  const dir = makeProject({ 'images.ts': program(1, steps(5)) });
  const argv = [process.execPath, GOLDSMITH, 'build', '--json'] as const;
  const all = await measure({ argv, cwd: dir });
  const walls: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    fs.writeFileSync(path.join(dir, 'images.ts'), program(1, steps(100 + round)));
    walls.push((await measure({ argv, cwd: dir })).wall);
  }
  add({ what: 'last of five steps of 2 s changed: all five', figure: all.wall, unit: 's' });
  add({ what: 'last of five steps of 2 s changed: again', figure: median(walls), unit: 's', limit: 4 });
  add({ what: 'last of five steps of 2 s changed: steps run', figure: stepsRun(dir), unit: '', limit: 1 });
  dropProject(dir);
}

function stepsRun(dir: string): number {
  const runs = path.join(dir, '.goldsmith', 'runs');
  const last = fs.readdirSync(runs).sort().at(-1)!;
  const lines = fs.readFileSync(path.join(runs, last, 'events.jsonl'), 'utf8').split('\n');
  return lines.filter((line) => line.includes('"step-started"') && line.includes('"use":"shell"')).length;
}

/** Thirty images at once. */
export async function manyImages(): Promise<void> {
  const steps = ['echo 1 > /step1'];
  const dir = makeProject({ 'images.ts': program(30, steps), 'template.json': template(30, steps) });
  synth(dir);
  const fresh = (): void => {
    forget(dir);
    dropImages();
  };
  const results = await compare(
    [
      ...packerContestants(dir).slice(0, 1),
      ours(
        'goldsmith',
        dir,
        [process.execPath, GOLDSMITH, 'build', 'goldsmith.out/plan.json', '--parallel', '0'],
        fresh,
      ),
    ],
    ROUNDS,
  );
  const wall = (name: string): number => median(results.get(name)!.map(({ wall: seconds }) => seconds));
  add({ what: '30 images: packer', figure: wall('packer'), unit: 's' });
  add({ what: '30 images: goldsmith', figure: wall('goldsmith'), unit: 's' });
  add({ what: "30 images: goldsmith, of packer's", figure: wall('goldsmith') / wall('packer'), unit: '×', limit: 0.7 });
  add({
    what: '30 images: peak memory of goldsmith',
    figure: Math.max(...results.get('goldsmith')!.map(({ memory }) => memory)),
    unit: 'MB',
    limit: 250,
  });
  dropProject(dir);
}
