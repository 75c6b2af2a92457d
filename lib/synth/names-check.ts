import type { Extension } from '../extension';
import { canonical } from '../plan/digest';
import type { Drafts } from './nodes';
import type { Report } from './report';

/** Two builds, or two post-processors, must not write the same name: the second would replace the first. */
export function checkNames(drafts: Drafts, report: Report): void {
  const seen = new Map<string, string>();
  for (const node of drafts.nodes) {
    if (node.kind === 'verify') continue;
    const step = node.kind === 'build' ? node.source : node.step;
    const kind = node.kind === 'build' ? 'platform' : 'post-processor';
    const extension = drafts.extensions.get(`${kind} ${step.use}`);
    const pick = (names: readonly string[]): object =>
      Object.fromEntries(names.flatMap((name) => (step.config[name] === undefined ? [] : [[name, step.config[name]]])));
    const given = pick(nameProps(extension));
    if (Object.keys(given).length === 0) continue;
    const places = extension?.kind === 'platform' ? (extension.namePlaceProps ?? []) : [];
    const key = canonical([step.use, given, pick(places)]);
    const first = seen.get(key);
    const owner = drafts.owners.get(node.id)?.[0];
    if (first !== undefined && owner) {
      const what = Object.entries(given)
        .map(([name, value]) => `\`${name}\` ${JSON.stringify(value)}`)
        .join(', ');
      report.add(
        owner,
        'DUPLICATE_ARTIFACT',
        `${node.id} and ${first} would write the same: ${what}`,
        'make the name differ, for instance with text`…${build.name}…`',
      );
    } else seen.set(key, node.id);
  }
}

function nameProps(extension: Extension | undefined): readonly string[] {
  return extension && 'nameProps' in extension ? (extension.nameProps ?? []) : [];
}
