import { select } from '../../engine/select';
import { toDot, toMermaid } from '../graph';
import type { Io } from '../io';
import type { CommonFlags } from '../program';
import type { Session } from '../session';

/** Options of `goldsmith graph`. */
export interface GraphFlags extends CommonFlags {
  readonly format?: 'mermaid' | 'dot';
}

/** The graph, as mermaid or dot. */
export async function graph(
  session: Session,
  io: Io,
  flags: GraphFlags,
  selectors: readonly string[],
): Promise<number> {
  const plan = { ...session.plan, nodes: [...select(session.plan, selectors).nodes] };
  io.stdout.write(flags.format === 'dot' ? toDot(plan) : toMermaid(plan));
  return 0;
}
