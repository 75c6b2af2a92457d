import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { ResourceRecord } from '../../../lib/extension/artifact';
import { EngineView } from './engine-api';
import type { Project } from './project';

/** What is left of a project's runs that nothing names: on the platforms, on the disk, in the kernel. One line each. */
export async function leftovers(
  project: Project,
  state = project.file('.goldsmith'),
  engine = new EngineView(),
): Promise<string[]> {
  return [...(await onDocker(project, state, engine)), ...onDisk(project, state), ...inKernel(project)];
}

async function onDocker(project: Project, state: string, engine: EngineView): Promise<string[]> {
  if (!recorded(project, state).docker) return [];
  const [containers, images] = await Promise.all([engine.containers(project.app), engine.images(project.app)]);
  const known = new Set(recorded(project, state).resources.map(({ id }) => id));
  return [
    ...containers.map(({ Id }) => `container ${Id}`),
    ...images.filter((id) => !known.has(id)).map((id) => `image ${id}, which no record names`),
  ];
}

interface Recorded {
  readonly docker: boolean;
  readonly resources: readonly ResourceRecord[];
}

function recorded(project: Project, state: string): Recorded {
  const { nodes, checkpoints } = project.records(state);
  const plan = project.file('goldsmith.out/plan.json');
  return {
    docker: fs.existsSync(plan) && fs.readFileSync(plan, 'utf8').includes('goldsmith/docker'),
    resources: [
      ...nodes.filter(({ consumed }) => !consumed).flatMap(({ artifact }) => artifact?.resources ?? []),
      ...checkpoints.flatMap(({ checkpoint }) => checkpoint.resources),
    ],
  };
}

/** What a project has beside what runs leave on purpose. */
const EXPECTED = [
  /^node_modules(\/|$)/,
  /^goldsmith\.out\/plan\.json$/,
  /^goldsmith\.out\/assets\/[0-9a-f]{64}\//,
  /^goldsmith\.lock\.json$/,
  /^(images\.[jt]s|tsconfig\.json|scripts\/.*)$/,
  // What steps on this machine wrote, which is theirs.
  /^(one|web)$/,
];
const EXPECTED_STATE = [
  /^store\/.*\.json$/,
  /^runs\/[^/]+\/(journal|events)\.jsonl$/,
  /^runs\/[^/]+\/(report\.html|kept\.json)$/,
  // What a machine showed, for whoever wants to know afterwards.
  /^runs\/[^/]+\/[^/]+\.(console\.log|screen\.png)$/,
  /^sandbox\/cache\/(?!.*\.tmp)/,
  // Checksums of files that were read.
  /^qemu\/images\/[0-9a-f]{32}\.json$/,
];

function onDisk(project: Project, state: string): string[] {
  const { resources } = recorded(project, state);
  const outputs = new Set(
    resources.filter(({ kind }) => kind === 'file').map(({ locator }) => (locator as { path: string }).path),
  );
  outputs.add('manifest.json');
  const layers = new Set(resources.map(({ token }) => token));
  const inProject = filesBelow(project.dir, state).filter(
    (file) => !outputs.has(file) && !EXPECTED.some((pattern) => pattern.test(file)),
  );
  const inState = filesBelow(state).filter((file) => {
    const layer = /^sandbox\/layers\/([^/]+)\//.exec(file)?.[1];
    if (layer !== undefined) return !layers.has(layer);
    const checkpoint = /^qemu\/checkpoints\/([^/]+)\//.exec(file)?.[1];
    if (checkpoint !== undefined) return !layers.has(checkpoint);
    return !EXPECTED_STATE.some((pattern) => pattern.test(file));
  });
  const folders = ['sandbox/machines', 'sandbox/layers', 'qemu/machines', 'qemu/checkpoints'].flatMap((kind) => {
    const dir = path.join(state, kind);
    return fs.existsSync(dir) ? fs.readdirSync(dir).map((name) => [kind, name] as const) : [];
  });
  return [
    ...[...inProject, ...inState].map((file) => `file ${file}`),
    ...socketsOf(project, state).map((dir) => `sockets in ${dir}`),
    ...folders.filter(([, name]) => !layers.has(name)).map(([kind, name]) => `folder ${kind}/${name}`),
    ...project
      .runs(state)
      .flatMap((run) => (fs.existsSync(path.join(state, 'runs', run, 'tmp')) ? [`folder of run ${run}`] : [])),
  ];
}

/** Folders of sockets are not in the project, since the names of sockets are short: journals know whose they are. */
function socketsOf(project: Project, state: string): string[] {
  const journals = project.runs(state).map((run) => path.join(state, 'runs', run, 'journal.jsonl'));
  const tokens = journals
    .filter((file) => fs.existsSync(file))
    .flatMap((file) => [...fs.readFileSync(file, 'utf8').matchAll(/"qemu:machine"[^\n]*?"token":"([0-9a-f]+)"/g)])
    .map(([, token]) => token!);
  return [...new Set(tokens)].map((token) => path.join(os.tmpdir(), `goldsmith-${token}`)).filter(fs.existsSync);
}

function filesBelow(dir: string, without?: string, prefix = ''): string[] {
  if (!fs.existsSync(dir)) return [];
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    const name = `${prefix}${entry.name}`;
    if (file === without || /^sandbox\/layers\/[^/]+\/./.test(name)) return [];
    return entry.isDirectory() ? filesBelow(file, without, `${name}/`) : [name];
  });
}

/** Mounts below the project, and processes that work in it or were started for it. */
function inKernel({ dir, app }: Project): string[] {
  const mounts = fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => !line.includes(' goldsmith-test '))
    .map((line) => line.split(' ')[4] ?? '')
    .filter((place) => place.startsWith(`${dir}/`));
  return [
    ...mounts.map((place) => `mount ${place}`),
    ...processesOf(dir, app).map(({ pid, what }) => `process ${pid} ${what}`),
  ];
}

/** Processes whose folder is in the project, or whose environment or command line names its app. */
export function processesOf(dir: string, app: string): { readonly pid: number; readonly what: string }[] {
  const found = [];
  for (const name of fs.readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const cwd = fs.readlinkSync(`/proc/${pid}/cwd`);
      const argv = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const env = fs.readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (`${cwd}/`.startsWith(`${dir}/`) || argv.includes(dir) || env.includes(`GOLDSMITH_APP=${app}\0`))
        found.push({ pid, what: argv.slice(0, 200) });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
