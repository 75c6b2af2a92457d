import { select } from '../../engine/select';
import type { PlanNode } from '../../plan/schema';
import type { Io } from '../io';
import type { Session } from '../session';

/** Nodes, one a line: id, kind, type key, what it waits for. */
export async function list(
  session: Session,
  io: Io,
  flags: { readonly json?: boolean },
  selectors: readonly string[],
): Promise<number> {
  const { chosen } = select(session.plan, selectors);
  const nodes = session.plan.nodes.filter(({ id }) => chosen.has(id));
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(nodes.map(rowOf), null, 2)}\n`);
    return 0;
  }
  const rows = nodes.map(rowOf);
  const width = Math.max(0, ...rows.map(({ id }) => id.length));
  const uses = Math.max(0, ...rows.map(({ use }) => use.length));
  for (const { id, kind, use, dependsOn, steps } of rows) {
    const after = dependsOn.length > 0 ? `after ${dependsOn.join(', ')}` : '';
    const count = kind === 'build' ? `${steps} step${steps === 1 ? '' : 's'}` : '';
    io.stdout.write(
      `${id.padEnd(width)}  ${kind.padEnd(7)}  ${use.padEnd(uses)}  ${count.padEnd(8)}  ${after}`.trimEnd() + '\n',
    );
  }
  return 0;
}

function rowOf(node: PlanNode): {
  id: string;
  kind: string;
  use: string;
  steps: number;
  dependsOn: readonly string[];
  digest: string;
} {
  const use = node.kind === 'build' ? node.source.use : node.step.use;
  const steps = node.kind === 'build' ? node.provisioners.length : 1;
  return { id: node.id, kind: node.kind, use, steps, dependsOn: node.dependsOn, digest: node.digest };
}
