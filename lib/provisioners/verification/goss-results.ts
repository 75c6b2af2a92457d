import type { CheckResult } from '../../extension/check';

interface GossResult {
  readonly 'resource-type'?: string;
  readonly 'resource-id'?: string;
  readonly property?: string;
  readonly title?: string;
  readonly successful?: boolean;
  readonly skipped?: boolean;
  readonly err?: unknown;
  readonly 'summary-line'?: string;
  readonly 'summary-line-compact'?: string;
}

/** What `goss validate --format json` printed, each of its results as a check; undefined where it is no such thing. */
export function readGoss(printed: string): readonly CheckResult[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(printed);
  } catch {
    return undefined;
  }
  const { results } = (value ?? {}) as { results?: unknown };
  if (!Array.isArray(results)) return undefined;
  const checks = (results as readonly GossResult[]).map(toCheck);
  // goss looks at many things at once, and prints them as they end.
  return checks.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function toCheck(result: GossResult): CheckResult {
  const { 'resource-type': type = '', 'resource-id': id = '', property = '', title = '' } = result;
  const name = `goss: ${type} ${id} ${property}${title === '' ? '' : ` (${title})`}`;
  if (result.skipped === true) return { name, state: 'skipped', wrong: [] };
  if (result.successful === true) return { name, state: 'passed', wrong: [] };
  const line = result['summary-line-compact'] ?? (result['summary-line'] ?? '').replace(/\s*\n\s*/g, ' ');
  const head = `${type}: ${id}: ${property}: `;
  const said = line.startsWith(head) ? line.slice(head.length) : line;
  return { name, state: 'failed', wrong: [said === '' ? 'failed' : said] };
}
