import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { systemClock } from '../../lib/engine/clock';
import { idleContext } from '../../lib/engine/idle-context';
import { startRehearsal, type Rehearsal } from '../../lib/rehearsal/rehearsal';
import type { RehearsalOptions } from '../../lib/rehearsal/options';

/** A rehearsal in a folder of its own; both are gone after `close`. */
export interface Rehearsing extends Rehearsal {
  readonly folder: string;
  /** What it warned of. */
  readonly warnings: readonly string[];
}

/** Starts a rehearsal for a test: fast, and on a port of its own. */
export async function rehearse(options: RehearsalOptions = {}): Promise<Rehearsing> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-rehearsal-'));
  const warnings: string[] = [];
  const ctx = idleContext({
    projectDir: folder,
    stateDir: path.join(folder, '.goldsmith', 'rehearsal'),
    tempDir: folder,
    env: process.env,
    clock: systemClock,
    emit: (event) => void (event.type === 'message' && event.level === 'warning' && warnings.push(event.text)),
  });
  const rehearsal = await startRehearsal({ seed: 'test', ...options }, ctx);
  return {
    ...rehearsal,
    folder,
    warnings,
    close: async () => {
      await rehearsal.close();
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}
