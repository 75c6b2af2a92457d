import * as fs from 'node:fs';
import type { JournalRecord } from '../../../lib/engine';
import { eachOf } from './child';
import { EngineView } from './engine-api';
import { leftovers } from './leftovers';
import type { Kill, Order } from './programs/victim';
import { Project } from './project';

/** A platform under test. */
export interface Ground {
  readonly platform: Order['platform'];
  readonly base: string;
  readonly megabytes?: number;
}

/** How a case ended. Every list is empty where all is well. */
export interface Verdict {
  readonly kill: Kill;
  /** Whether it came to the kill at all. */
  readonly died: boolean;
  readonly left: readonly string[];
  readonly wrong: readonly string[];
}

const engine = new EngineView();

/** How many cases run at once. */
const PARALLEL = 3;

/** What a run that nobody disturbs writes into its journal. */
export async function undisturbed(ground: Ground): Promise<JournalRecord[]> {
  const project = new Project();
  try {
    const { status, output } = await project.victim(ground).ended;
    if (status !== 0) throw new Error(output);
    return journalOf(project);
  } finally {
    await cleanUp(project, ground);
  }
}

/** Kills a run at each of these moments, and each time looks what is left and whether the next run goes on where it was. */
export async function killAt(ground: Ground, moments: readonly Kill[]): Promise<Verdict[]> {
  return eachOf(moments, PARALLEL, (kill) => killOnce(ground, kill));
}

async function killOnce(ground: Ground, kill: Kill): Promise<Verdict> {
  const project = new Project();
  const wrong: string[] = [];
  try {
    const { signal, output } = await project.victim({ ...ground, kill }).ended;
    if (signal !== 'SIGKILL') return { kill, died: false, left: await leftovers(project), wrong: [output] };
    const volumes = ground.platform === 'docker' ? await engine.volumesOf(project.app) : [];
    const before = project.records();
    const left: string[] = [];
    // Half of the cases are left to the next build, which recovers by itself.
    if (kill.at % 2 === 0) {
      const recovered = await project.run(['recover']);
      if (recovered.status !== 0) wrong.push(`recover: ${recovered.output}`);
      left.push(...(await leftovers(project)), ...(await engine.volumesAmong(volumes)));
    }
    const next = await project.victim(ground).ended;
    if (next.status !== 0) wrong.push(`the next build: ${next.output}`);
    left.push(...(await leftovers(project)), ...(await engine.volumesAmong(volumes)));

    const cached = new Set([...next.output.matchAll(/^cached (\S+)$/gm)].map((match) => match[1]));
    for (const { node, consumed } of before.nodes)
      // A manifest names each run, so it is written each time.
      if (!consumed && node !== 'Web/Manifest/On' && !cached.has(node))
        wrong.push(`${node} was done, and is not taken from the cache`);
    const built = new Set(before.nodes.map(({ node }) => node));
    for (const node of new Set(before.checkpoints.map((checkpoint) => checkpoint.node))) {
      const depth = before.checkpoints.filter((checkpoint) => checkpoint.node === node).length;
      const used = [...cached].filter((step) => STEPS_OF[node]?.includes(step!)).length;
      if (!built.has(node) && used !== depth) wrong.push(`${node} had ${depth} checkpoints, used were ${used}`);
    }
    return { kill, died: true, left, wrong };
  } finally {
    await cleanUp(project, ground);
  }
}

const STEPS_OF: Readonly<Record<string, readonly string[]>> = {
  'Core/On': ['Core/One', 'Core/Two'],
  'Web/On': ['Web/Three'],
};

/** What to print of many cases: the figure first, then all that is not as it should be. */
export function summary(name: string, verdicts: readonly Verdict[]): string {
  const died = verdicts.filter((verdict) => verdict.died).length;
  const left = verdicts.flatMap((verdict) => verdict.left);
  const notes = verdicts.flatMap(({ kill, left: remains, wrong }) =>
    [...remains, ...wrong].map((note) => `  ${JSON.stringify(kill)}: ${note}`),
  );
  return [`${name}: ${died} kills, ${left.length} left`, ...notes].join('\n');
}

function journalOf(project: Project): JournalRecord[] {
  const [run] = project.runs();
  const text = fs.readFileSync(project.file(`.goldsmith/runs/${run}/journal.jsonl`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalRecord);
}

async function cleanUp(project: Project, { platform }: Ground): Promise<void> {
  if (platform === 'docker') await engine.purge(project.app);
  project.remove();
}
