import * as path from 'node:path';
import { Catalog, FileStore } from '../../catalog';
import { select } from '../../engine/select';
import { formatAge } from '../../reporters/units';
import { createTheme } from '../../reporters/theme';
import type { Io } from '../io';
import type { Session } from '../session';

type State = 'new' | 'changed' | 'unchanged' | 'removed';
const SIGNS: Readonly<Record<State, string>> = { new: '+', changed: '~', unchanged: '=', removed: '-' };

/** Compares the plan with the last build of each node. Looks at this machine's records only: nothing is sent anywhere. */
export async function diff(
  session: Session,
  io: Io,
  flags: { readonly json?: boolean },
  selectors: readonly string[],
): Promise<number> {
  const catalog = new Catalog(new FileStore(path.join(session.stateDir, 'store')));
  const { chosen } = select(session.plan, selectors);
  const rows: { id: string; state: State; builtAt?: number }[] = [];
  for (const { id, digest } of session.plan.nodes) {
    if (!chosen.has(id)) continue;
    const last = await catalog.latest(session.plan.app, id);
    if (last) rows.push({ id, state: last.digest === digest ? 'unchanged' : 'changed', builtAt: last.builtAt });
    else rows.push({ id, state: 'new' });
  }
  const known = new Set(session.plan.nodes.map(({ id }) => id));
  for (const id of await catalog.names(session.plan.app))
    if (selectors.length === 0 && !known.has(id)) rows.push({ id, state: 'removed' });

  if (flags.json) io.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else print(rows, io);
  return 0;
}

function print(rows: readonly { id: string; state: State; builtAt?: number }[], io: Io): void {
  const theme = createTheme(io.colour);
  const paint = { new: theme.good, changed: theme.warn, unchanged: theme.dim, removed: theme.bad };
  const width = Math.max(0, ...rows.map(({ id }) => id.length));
  for (const { id, state, builtAt } of rows) {
    const about = builtAt === undefined ? state : `${state}, built ${formatAge(Date.now() - builtAt)}`;
    io.stdout.write(`${paint[state](`${SIGNS[state]} ${id.padEnd(width)}  ${about}`)}\n`);
  }
}
