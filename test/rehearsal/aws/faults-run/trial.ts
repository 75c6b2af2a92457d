import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Catalog, FileStore } from '../../../../lib/catalog';
import { recover, search } from '../../../../lib/engine';
import { ACCESS_KEY } from '../../../../lib/rehearsal/aws/credentials';
import type { Room } from '../../../../lib/rehearsal/machines/computer';
import type { TroubleOptions } from '../../../../lib/rehearsal/trouble';
import { Child } from '../../../faults/helpers/child';
import { program } from '../../../faults/helpers/compiled';
import { FRIEND, hastyClock, type AwsOrder, type Told } from '../../../faults/helpers/programs/aws-victim';
import { seeded, type Seeded } from '../../../helpers/seeded';
import { openAccount, type Account } from './account';
import { finishedImages, leaked, leftovers, lonelyCopies, wrongImages } from './checks';

/** When a build is killed: before or after the account answers a call, or after a time. */
export type Kill =
  { readonly when: 'before' | 'after'; readonly call: number } | { readonly when: 'time'; readonly after: number };

/** What a seed chose. */
export interface Choice {
  readonly order: Omit<AwsOrder, 'projectDir' | 'app'>;
  readonly trouble: TroubleOptions;
  readonly kill: Kill | undefined;
  /** Whether the build is started again after recovery. */
  readonly again: boolean;
  /** Whether the state folder is lost with the machine, so that another one recovers by tags. */
  readonly lost: boolean;
}

/** How a trial went: all lists are empty where all is well. */
export interface Verdict {
  readonly number: number;
  readonly choice: Choice;
  readonly killed: boolean;
  readonly built: boolean;
  readonly counts: Account['counts'];
  readonly left: readonly string[];
  readonly wrong: readonly string[];
  readonly secrets: readonly string[];
  /** What builds failed of, and recoveries that had to be repeated. */
  readonly notes: readonly string[];
}

/** Calls and milliseconds of a build that nobody disturbs, about. */
const CALLS = 70;
const TAKES = 5_000;
/** How often a recovery may be repeated where something was in its way. */
const RECOVERIES = 4;

/** Compiled once: what changes meanwhile is of the next run. */
let victim: string | undefined;

/** What happens in a trial, by its number. */
export function choiceOf(seed: number, number: number, canLogIn: boolean): Choice {
  const dice = seeded(seed * 1_000_003 + number);
  const some = (share: number): boolean => dice.next() < share;
  const up = (most: number, share: number): number => (some(share) ? dice.next() * most : 0);
  const logsIn = some(0.5) && canLogIn;
  const encrypt = some(0.15);
  const order = {
    logsIn,
    spot: some(0.4),
    ...(some(0.4) && { name: `n${number}` }),
    regions: some(0.4) ? ['us-east-1'] : [],
    users: some(0.4) && !encrypt ? [FRIEND] : [],
    profile: some(0.2),
    protect: some(0.1),
    encrypt,
    verify: logsIn && some(0.4) ? dice.pick(['sound', 'sound', 'unsound'] as const) : 'none',
  } as const;
  const trouble = {
    throttling: up(0.12, 0.6),
    serverErrors: up(0.1, 0.6),
    lostResponses: up(0.15, 0.7),
    insufficientCapacity: up(0.7, 0.4),
    spotInterruptions: up(0.8, 0.5),
    eventualConsistency: up(0.8, 0.6),
  };
  const kill = killOf(dice);
  const lost = kill !== undefined && some(0.2);
  return { order, trouble, kill, lost, again: !lost && some(0.25) };
}

function killOf(dice: Seeded): Kill | undefined {
  const kind = dice.pick(['none', 'before', 'after', 'after', 'time'] as const);
  if (kind === 'none') return undefined;
  if (kind === 'time') return { when: 'time', after: Math.ceil(dice.next() * TAKES) };
  return { when: kind, call: 1 + Math.floor(dice.next() * CALLS) };
}

/** Builds, kills, recovers, and looks what is there then. */
export async function tryOnce(
  seed: number,
  number: number,
  place?: { readonly room: Room; readonly store: string },
): Promise<Verdict> {
  const choice = choiceOf(seed, number, place !== undefined);
  const { order: chosen, trouble, kill } = choice;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-faults-'));
  const account = await openAccount(`${seed}/${number}`, trouble, chosen.logsIn ? place?.room : undefined);
  const order: AwsOrder = { ...chosen, projectDir: dir, app: `faults-${number}` };
  const secrets = {
    key: `kA9${`${Math.random()}`.slice(2)}/w+Qz`,
    planted: `pL4${`${Math.random()}`.slice(2)}nted`,
  };
  // Unlike the rehearsal's usual one it is found nowhere by chance.
  account.world.credentials.add(ACCESS_KEY, { secret: secrets.key });
  const env = { ...account.env, HOME: dir, AWS_SECRET_ACCESS_KEY: secrets.key, PLANTED: secrets.planted };
  const printed: string[] = [];
  const left: string[] = [];
  const wrong: string[] = [];
  const notes: string[] = [];
  try {
    const build = async (death: Kill | undefined): Promise<{ killed: boolean; built: boolean }> => {
      const child = Child.node([(victim ??= program('aws-victim')), JSON.stringify(order)], { cwd: dir, env });
      const disarm = arm(account, child, death);
      const { status, signal, output } = await child.ended;
      disarm();
      printed.push(output);
      if (/still running after/.test(output)) wrong.push(`it hangs: ${output.slice(-600)}`);
      const told = toldIn(output);
      for (const { id, error } of told?.nodes ?? []) if (error !== undefined) notes.push(`${id}: ${error}`);
      if (signal === null && !told) wrong.push(`it ended with ${status}: ${output.slice(-600)}`);
      return { killed: signal === 'SIGKILL', built: status === 0 };
    };
    const check = async (isLost = false): Promise<void> => {
      const records = await new Catalog(new FileStore(path.join(dir, '.goldsmith', 'store'))).records();
      if (isLost) await searched(path.join(dir, 'elsewhere'), env, notes, wrong);
      else await recovered(dir, env, notes, wrong);
      await account.world.settle();
      if (isLost) {
        left.push(...leftovers(account, [], finishedImages(account)));
        wrong.push(...lonelyCopies(account));
        return;
      }
      left.push(...leftovers(account, records));
      wrong.push(...(await wrongImages(account, records, order, place?.store ?? '')));
    };
    const first = await build(kill);
    await check(first.killed && choice.lost);
    let { built } = first;
    if (choice.again) {
      ({ built } = await build(undefined));
      await check();
    }
    for (const note of notes) printed.push(note);
    for (const warning of account.warnings) wrong.push(`warning: ${warning}`);
    const shown = leaked(dir, printed, account, secrets);
    if (left.length + wrong.length + shown.length > 0) keepEvidence(number, dir, printed);
    return { number, choice, killed: first.killed, built, counts: account.counts, left, wrong, secrets: shown, notes };
  } finally {
    await account.close();
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

/** Milliseconds after which whatever was made is seen: whoever comes from another machine does not come at once. */
const LATER = 500;

/** Recovers as from another machine: by tags, with nothing but credentials. */
async function searched(
  dir: string,
  env: Readonly<Record<string, string>>,
  notes: string[],
  wrong: string[],
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LATER));
  const modules = { 'amazon-ebs': 'goldsmith/aws' };
  for (let turn = 1; turn <= RECOVERIES; turn += 1) {
    const found = await search({ projectDir: dir, modules, env, clock: hastyClock() });
    try {
      if (found.runs.length === 0) return;
      for (const run of found.runs) {
        if (run.state === 'over') wrong.push(`the run ${run.run}, which may go on elsewhere, counts as over`);
        for (const { resource, error } of await found.destroy(run)) {
          notes.push(`search ${turn} left ${resource.kind}: ${error}`);
        }
      }
    } finally {
      await found.close();
    }
  }
  wrong.push(`after ${RECOVERIES} searches there is something left`);
}

/** Repeats the recovery as a person would, and says so where that was needed. */
async function recovered(
  dir: string,
  env: Readonly<Record<string, string>>,
  notes: string[],
  wrong: string[],
): Promise<void> {
  for (let turn = 1; ; turn += 1) {
    const { left } = await recover({ projectDir: dir, env, clock: hastyClock() });
    if (left.length === 0) return;
    const why = left.map(({ resource, error }) => `${resource.kind} ${resource.id ?? resource.token}: ${error}`);
    notes.push(`recovery ${turn} left ${why.join('; ')}`);
    if (turn === RECOVERIES) {
      wrong.push(`after ${turn} recoveries there is left ${why.join('; ')}`);
      return;
    }
  }
}

function arm(account: Account, child: Child, kill: Kill | undefined): () => void {
  if (!kill) return () => undefined;
  const die = (): void => child.kill('SIGKILL');
  if (kill.when === 'time') {
    const timer = setTimeout(die, kill.after);
    return () => clearTimeout(timer);
  }
  account.onCall = (phase, count) => {
    if (phase === kill.when && count === kill.call) die();
  };
  return () => {
    account.onCall = undefined;
  };
}

function toldIn(output: string): Told | undefined {
  const line = /^TOLD (.*)$/m.exec(output)?.[1];
  return line === undefined ? undefined : (JSON.parse(line) as Told);
}

/** Where a folder is named, what a failed trial left is kept there. */
function keepEvidence(number: number, dir: string, printed: readonly string[]): void {
  const target = process.env['FAULTS_KEEP'];
  if (target === undefined) return;
  fs.cpSync(dir, path.join(target, String(number)), { recursive: true });
  fs.writeFileSync(path.join(target, String(number), 'printed.txt'), printed.join('\n'));
}
