import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import { run } from '../../engine/engine';
import type { RunEvent } from '../../engine/events';
import type { OnError, RunOptions, RunReport } from '../../engine/options';
import type { Plan } from '../../plan/schema';
import type { RehearsalReport } from '../../rehearsal/rehearse';
import { jsonReporter } from '../../reporters/json';
import { plainReporter } from '../../reporters/plain';
import { reporters, type Reporter } from '../../reporters/reporter';
import { ttyReporter } from '../../reporters/tty';
import { Inventory } from '../inventory';
import type { Io } from '../io';
import { prompt } from '../prompt';
import type { CommonFlags } from '../program';
import type { RehearsalFlags } from '../rehearsal-flags';
import type { Session } from '../session';

/** Options of `goldsmith build`. */
export interface BuildFlags extends CommonFlags, RehearsalFlags {
  readonly onError: OnError;
  readonly parallel?: number;
  readonly pool: readonly string[];
  readonly force?: boolean;
  readonly checkpoints: boolean;
  readonly update?: boolean;
  readonly locked?: boolean;
  readonly debug?: boolean;
  readonly timestamps?: boolean;
  readonly report: boolean;
  /** Whether it is done against embedded clouds. */
  readonly rehearse?: boolean;
}

/** Builds, shows how it goes, and says the exit status. */
export async function build(session: Session, io: Io, flags: BuildFlags, select: readonly string[]): Promise<number> {
  session.write();
  const reporter = reporterFor(io, flags, path.relative(io.cwd, session.projectDir));
  const events: RunEvent[] = [];
  const inventory = new Inventory();
  const interrupts = watchInterrupts(io, reporter, inventory);
  const canAsk = io.isTty && io.stdin.isTTY === true && !flags.json;
  const onEvent = (event: RunEvent): void => {
    if (flags.report) events.push(event);
    inventory.event(event);
    reporter.event(event);
  };
  let report: RunReport;
  const act = flags.rehearse === true ? rehearsing(flags) : run;
  try {
    report = await act(session.plan, {
      projectDir: session.projectDir,
      stateDir: session.stateDir,
      assetsDir: session.assetsDir,
      env: io.env,
      variables: session.variables,
      ...(session.extensions && { extensions: session.extensions }),
      select,
      signal: interrupts.signal,
      cleanupSignal: interrupts.cleanupSignal,
      onEvent,
      ...(flags.parallel !== undefined && { parallel: flags.parallel }),
      pools: poolsOf(flags.pool),
      onError: flags.onError,
      force: flags.force ?? false,
      checkpoints: flags.checkpoints,
      update: flags.update ?? false,
      locked: flags.locked ?? false,
      debug: flags.debug ?? false,
      command: session.planGiven === undefined ? `${io.command} build` : `${io.command} build ${session.planGiven}`,
      ...(canAsk && { ask: (question, signal) => prompt({ input: io.stdin, output: io.stderr, question, signal }) }),
    });
  } finally {
    interrupts.stop();
    await reporter.close();
  }
  if (flags.report) await writeHtml(events, report, io, flags);
  return isRehearsal(report) ? tellRehearsal(report, io, flags) : statusOf(report);
}

/** Builds against embedded clouds. */
export function rehearse(session: Session, io: Io, flags: BuildFlags, select: readonly string[]): Promise<number> {
  return build(session, io, { ...flags, rehearse: true }, select);
}

function reporterFor(io: Io, flags: BuildFlags, folder: string): Reporter {
  if (flags.json) return reporters(jsonReporter({ output: io.stdout }));
  if (!io.isTty)
    return plainReporter({ output: io.stdout, colour: io.colour, folder, timestamps: flags.timestamps ?? false });
  return ttyReporter({
    output: io.stdout,
    colour: io.colour,
    folder,
    size: io.size,
    now: () => Date.now(),
    later: (draw, ms) => {
      const timer = setTimeout(draw, ms).unref();
      return () => clearTimeout(timer);
    },
  });
}

interface Interrupts {
  readonly signal: AbortSignal;
  readonly cleanupSignal: AbortSignal;
  stop(): void;
}

/** Milliseconds in which two signals are one Ctrl-C: npx sends on what the terminal has sent to everybody already. */
const ONE_INTERRUPT = 300;

/** Ctrl-C once stops and cleans up; twice leaves at once. */
function watchInterrupts(io: Io, reporter: Reporter, inventory: Inventory): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  let firstAt = 0;
  const interrupt = (): void => {
    if (!first.signal.aborted) {
      firstAt = performance.now();
      const text = 'stopping, and cleaning up; interrupt again to leave at once';
      // Written past a reporter that draws, it would land in the middle of the picture.
      if (reporter.say) reporter.say(text);
      else io.stderr.write(`\n${text}\n`);
      first.abort(new GoldsmithError('CANCELLED', 'the run was interrupted'));
      return;
    }
    if (performance.now() - firstAt < ONE_INTERRUPT) return;
    second.abort(new GoldsmithError('CANCELLED', 'cleaning up was interrupted'));
    void reporter.close();
    const lines = inventory.lines();
    io.stderr.write(`\nleft without cleaning up${lines.length > 0 ? '; what is left:' : ''}\n`);
    for (const line of lines) io.stderr.write(`  ${line}\n`);
    io.stderr.write('`goldsmith recover` finds and deletes it, and so does the next build\n');
    io.exit(130);
  };
  const stop = io.onInterrupt(interrupt);
  return { signal: first.signal, cleanupSignal: second.signal, stop };
}

async function writeHtml(events: readonly RunEvent[], report: RunReport, io: Io, flags: BuildFlags): Promise<void> {
  const { writeReport } = require('../../reporters/html') as typeof import('../../reporters/html');
  const file = path.join(report.dir, 'report.html');
  try {
    await writeReport(events, file);
  } catch (error) {
    io.stderr.write(`no report was written: ${(error as Error).message}\n`);
    return;
  }
  if (!flags.json && fs.existsSync(file)) io.stdout.write(`report: ${path.relative(io.cwd, file)}\n`);
}

/** What was created, and, where something is left, that that is a failure. */
function tellRehearsal(report: RehearsalReport, io: Io, flags: BuildFlags): number {
  const { rehearsalJson, rehearsalLines } = require('../rehearsal-lines') as typeof import('../rehearsal-lines');
  if (flags.json) io.stdout.write(`${rehearsalJson(report)}\n`);
  else io.stdout.write(`${rehearsalLines(report, Date.now()).join('\n')}\n`);
  const status = statusOf(report);
  return status === 0 && report.leaked.length > 0 ? 3 : status;
}

function isRehearsal(report: RunReport): report is RehearsalReport {
  return 'leaked' in report;
}

/** Runs a plan as a rehearsal, as the flags describe it. */
function rehearsing(flags: BuildFlags): (plan: Plan, options: RunOptions) => Promise<RehearsalReport> {
  const { rehearse } = require('../../rehearsal/rehearse') as typeof import('../../rehearsal/rehearse');
  const { rehearsalOptions } = require('../rehearsal-flags') as typeof import('../rehearsal-flags');
  return (plan, options) => rehearse(plan, options, rehearsalOptions(flags));
}

function statusOf({ status, left }: RunReport): number {
  if (status === 'cancelled') return 130;
  if (left.some(({ why }) => why === 'leaked')) return 3;
  return status === 'succeeded' ? 0 : 1;
}

function poolsOf(given: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    given.map((pair) => {
      const match = /^([^=]+)=(\d+)$/.exec(pair);
      if (!match)
        throw new GoldsmithError(
          'BAD_USAGE',
          `--pool is ${JSON.stringify(pair)}; it takes name=number, such as docker=4`,
        );
      return [match[1]!, Number(match[2])];
    }),
  );
}
