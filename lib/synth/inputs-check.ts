import type { PlatformExtension } from '../extension/platform';
import type { JsonObject } from '../plan/json';
import type { Drafts } from './nodes';
import type { Report } from './report';

/** Post-processors must be able to take what they are given: known already from the kinds of artifact. */
export function checkInputs(drafts: Drafts, report: Report): void {
  const kinds = new Map<string, string | undefined>();
  for (const node of drafts.nodes) {
    if (node.kind === 'verify') continue;
    const use = node.kind === 'build' ? node.source.use : node.step.use;
    const kind = node.kind === 'build' ? 'platform' : 'post-processor';
    const extension = drafts.extensions.get(`${kind} ${use}`);
    if (node.kind === 'build') {
      kinds.set(node.id, extension?.kind === 'platform' ? producedBy(extension, node.source.config) : undefined);
      continue;
    }
    if (extension?.kind !== 'post-processor') continue;
    kinds.set(node.id, extension.produces ?? kinds.get(node.inputs[0]!));
    for (const input of node.inputs) {
      const made = kinds.get(input);
      if (made === UNKNOWN) continue;
      const owner = drafts.owners.get(node.id)?.[0];
      if (!owner || !extension.accepts || (made !== undefined && extension.accepts.includes(made))) continue;
      const what = made === undefined ? 'no artifact' : `a \`${made}\``;
      report.add(
        owner,
        'INCOMPATIBLE_INPUT',
        `\`${use}\` cannot take what ${input} makes (${what}); it takes: ${extension.accepts.join(', ')}`,
        'narrow it with `only` or `except`, or change what the build makes',
      );
    }
  }
}

/** Of a config that is wrong nothing can be said, and its problems are reported already. */
const UNKNOWN = '?';

function producedBy(extension: PlatformExtension, config: JsonObject): string | undefined {
  const checked = extension.schema.safeParse(config);
  return checked.success ? extension.produces(config) : UNKNOWN;
}
