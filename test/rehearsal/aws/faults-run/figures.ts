import type { Verdict } from './trial';

/** What is not as it should be, one a line. */
export function problems({ number, choice, left, wrong, secrets }: Verdict): string[] {
  const all = [
    ...left.map((what) => `left: ${what}`),
    ...wrong.map((what) => `wrong: ${what}`),
    ...secrets.map((what) => `secret: ${what}`),
  ];
  return all.length === 0 ? [] : [`#${number} ${JSON.stringify(choice)}`, ...all.map((what) => `  ${what}`)];
}

/** The figures of many trials. */
export function figures(verdicts: readonly Verdict[], took: number): string {
  const count = (test: (verdict: Verdict) => boolean): number => verdicts.filter(test).length;
  const sum = (of: (verdict: Verdict) => readonly unknown[]): number =>
    verdicts.reduce((total, verdict) => total + of(verdict).length, 0);
  const faults: Record<string, number> = {};
  for (const { counts } of verdicts)
    for (const [name, many] of Object.entries(counts)) faults[name] = (faults[name] ?? 0) + many;
  const failures = new Map<string, number>();
  const first = new Map<string, number>();
  for (const { notes, number } of verdicts) {
    for (const note of notes) {
      const kind = note.replace(/\b(ami|i|snap|sg|key|vol|subnet)-[0-9a-f]+|\b[0-9a-f]{20}\b|\d+/g, '…').slice(0, 150);
      if (!first.has(kind)) first.set(kind, number);
      failures.set(kind, (failures.get(kind) ?? 0) + 1);
    }
  }
  return [
    `${verdicts.length} runs, ${count(({ choice }) => choice.order.logsIn)} of them with machines that really ran`,
    `${count(({ killed }) => killed)} killed, ${count(({ killed, choice }) => killed && choice.lost)} of them found by tags from elsewhere; ${count(({ built }) => built)} built in the end`,
    `faults: ${Object.entries(faults)
      .map(([name, many]) => `${many} ${name}`)
      .join(', ')}`,
    `${sum(({ left }) => left)} left, ${sum(({ wrong }) => wrong)} wrong, ${sum(({ secrets }) => secrets)} secrets shown`,
    `${Math.round(took / 1000)} s`,
    ...[...failures]
      .sort((a, b) => b[1] - a[1])
      .map(([kind, many]) => `  ${many} × ${kind} (first in run ${first.get(kind)})`),
  ].join('\n');
}
