import { tableLines } from '../reporters/table';
import { counted, formatDuration } from '../reporters/units';
import type { InventoryEntry } from '../rehearsal/inventory';
import type { RehearsalReport } from '../rehearsal/rehearse';

/** What a real run would have created and for how long, and what is left of it. */
export function rehearsalLines(report: RehearsalReport, now: number): readonly string[] {
  return [...report.warnings.map((text) => `warning: ${text}`), ...inventoryLines(report, now)];
}

function inventoryLines({ created, leaked, seed }: RehearsalReport, now: number): readonly string[] {
  if (created.length === 0) return [`rehearsed (seed ${seed}): nothing would have been created in a cloud`];
  const rows = created.map((entry) => [
    { text: `  ${entry.kind}` },
    { text: entry.id },
    { text: entry.region },
    { text: lifeOf(entry, now), align: 'right' as const },
    { text: entry.detail },
  ]);
  const lines = [`rehearsed (seed ${seed}): a real run would have created`, ...tableLines(rows)];
  if (leaked.length === 0) return [...lines, 'and nothing of it is left but artifacts'];
  return [
    ...lines,
    `${counted(leaked.length, 'thing')} would be left behind:`,
    ...leaked.map(({ kind, id, region }) => `  ${kind} ${id} in ${region}`),
  ];
}

/** The same as one line of JSON, after the events. */
export function rehearsalJson({ created, leaked, seed }: RehearsalReport): string {
  return JSON.stringify({ type: 'rehearsed', seed, created, leaked });
}

/** In the time of the cloud: with the delays that were cut short. */
function lifeOf({ createdAt, deletedAt, skipped, lasts }: InventoryEntry, now: number): string {
  if (lasts && deletedAt === undefined) return 'stays';
  return formatDuration((deletedAt ?? now) - createdAt + skipped);
}
