import { messageOf } from '../errors';
import { tableLines, type Cell } from '../reporters/table';
import { plainLine } from '../reporters/text';
import type { Theme } from '../reporters/theme';

/** What a probe found. */
export interface ProbeResult {
  readonly ok: boolean;
  /** What is there, or what is missing. */
  readonly detail: string;
  /** What to do where something is missing. */
  readonly fix?: string | undefined;
}

/** One thing that goldsmith can use on this machine. */
export interface Probe {
  readonly name: string;
  /**
   * What it is for: probes with the same text stand together.
   * @default 'this machine'
   */
  readonly group?: string;
  /**
   * Whether goldsmith works without it, with less.
   * @default false
   */
  readonly optional?: boolean;
  probe(signal: AbortSignal): Promise<ProbeResult>;
}

/** A probe with what it found. */
export interface Finding extends ProbeResult {
  readonly name: string;
  readonly group: string;
  readonly optional: boolean;
}

/** Milliseconds that a probe may take. */
const TIMEOUT = 10_000;

/** Runs all probes at once. One that throws or takes too long found something wrong. */
export function runProbes(probes: readonly Probe[], timeout = TIMEOUT): Promise<Finding[]> {
  return Promise.all(
    probes.map(async ({ name, group = 'this machine', optional = false, ...probe }): Promise<Finding> => {
      const result = await withTimeout((signal) => probe.probe(signal), timeout).catch(
        (error: unknown): ProbeResult => ({ ok: false, detail: messageOf(error) }),
      );
      return { name, group, optional, ...result };
    }),
  );
}

async function withTimeout(run: (signal: AbortSignal) => Promise<ProbeResult>, ms: number): Promise<ProbeResult> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(new Error(`no answer within ${ms / 1000} s`));
    }, ms);
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether everything that goldsmith cannot do without is there. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ ok, optional }) => ok || optional);
}

/** The findings as a table, in groups, with what to do below each that is missing. */
export function doctorLines(findings: readonly Finding[], theme: Theme, columns?: number): string[] {
  const groups = [...new Set(findings.map(({ group }) => group))];
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  const lines = groups.flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    theme.bold(group),
    ...findings
      .filter((finding) => finding.group === group)
      .flatMap((finding) => findingLines(finding, width, theme, columns)),
  ]);
  const missing = findings.filter(({ ok, optional }) => !ok && !optional).length;
  const without = findings.filter(({ ok, optional }) => !ok && optional).length;
  const note = without === 0 ? '' : theme.dim(` (${without} optional missing)`);
  const total = missing === 0 ? theme.good('ready') : theme.bad(`${missing} of ${findings.length} checks failed`);
  return [...lines, '', `${theme.bold(total)}${note}`];
}

function findingLines(finding: Finding, width: number, theme: Theme, columns: number | undefined): string[] {
  const { ok, optional, name, detail, fix } = finding;
  const [sign, paint] = ok ? ['✔', theme.good] : optional ? ['-', theme.warn] : ['✘', theme.bad];
  const cells: Cell[] = [
    { text: `  ${sign}`, paint },
    { text: name.padEnd(width) },
    { text: plainLine(detail), paint: theme.dim },
  ];
  const table = tableLines([cells], columns);
  return ok || fix === undefined
    ? table
    : [...table, `     ${' '.repeat(width)}  ${theme.warn('fix')}: ${plainLine(fix)}`];
}

/** The findings for other programs: versioned, like the events. */
export function doctorJson(findings: readonly Finding[]): string {
  const probes = findings.map(({ name, group, optional, ok, detail, fix }) => ({
    name,
    group,
    optional,
    ok,
    detail,
    fix,
  }));
  return `${JSON.stringify({ v: 1, ok: isHealthy(findings), probes }, undefined, 2)}\n`;
}
