import * as path from 'node:path';
import { writePlan } from '../../plan/codec';
import type { Io } from '../io';
import type { CommonFlags } from '../program';
import type { Session } from '../session';

/** Options of `goldsmith synth`. */
export interface SynthFlags extends CommonFlags {
  readonly output?: string;
  readonly stdout?: boolean;
}

/** Writes the plan. */
export async function synth(session: Session, io: Io, flags: SynthFlags): Promise<number> {
  if (flags.stdout) {
    io.stdout.write(writePlan(session.plan));
    return 0;
  }
  session.write();
  for (const [id, { source, warnings }] of Object.entries(session.plan.metadata)) {
    for (const warning of warnings ?? [])
      io.stderr.write(`warning: ${warning} (${id}${source === undefined ? '' : `, ${source}`})\n`);
  }
  const { length } = session.plan.nodes;
  io.stdout.write(`${path.relative(io.cwd, session.planFile)}: ${length} node${length === 1 ? '' : 's'}\n`);
  return 0;
}
