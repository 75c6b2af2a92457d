import { openRehearsal, type OpenRehearsalOptions, type Rehearsal } from '../../lib/rehearsal';

/** A rehearsal that notes what it warned of. */
export interface Rehearsing extends Rehearsal {
  readonly warnings: readonly string[];
}

/** Starts a rehearsal for a test: of a seed that is known, and on a port of its own. */
export async function rehearse(options: OpenRehearsalOptions = {}): Promise<Rehearsing> {
  const warnings: string[] = [];
  const onWarning = (text: string): void => void warnings.push(text);
  return {
    ...(await openRehearsal({ seed: 'test', anyKey: true, env: process.env, onWarning, ...options })),
    warnings,
  };
}
