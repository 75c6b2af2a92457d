import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import { systemClock } from '../engine/clock';
import { idleContext } from '../engine/idle-context';
import type { Clock } from '../extension/context';
import { lockFile } from '../util/file-lock';
import type { RehearsalOptions } from './options';
import { startRehearsal, type Rehearsal } from './rehearsal';

/** Options of {@link openRehearsal}. */
export interface OpenRehearsalOptions extends RehearsalOptions {
  /**
   * Folder that relative paths of `images` start from.
   * @default - the system's folder for temporary files
   */
  readonly projectDir?: string;
  /**
   * Where machines and what they start from are kept. One rehearsal at a time uses it.
   * @default - a temporary folder, deleted with the rehearsal
   */
  readonly stateDir?: string;
  /**
   * Whether what is in the accounts outlives the rehearsal: the next one in `stateDir` goes on with it. Instances do not.
   * @default false
   */
  readonly keep?: boolean;
  /**
   * Environment in which the programs of this machine are found that make machines.
   * @default - the usual folders of programs
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** @default - the real time */
  readonly clock?: Clock;
  /** Told of what goes wrong within, such as an instance that cannot start. */
  readonly onWarning?: (text: string) => void;
}

/** Milliseconds to wait for another rehearsal in the same folder: long enough for one that is just ending. */
const PATIENCE = 3000;

/**
 * Starts embedded clouds for other tools or for tests, until they are closed.
 *
 * @example
 * import { openRehearsal } from 'goldsmith/rehearsal';
 *
 * const rehearsal = await openRehearsal({ images: { 'ubuntu/images/*': 'host' } });
 * // … clients with rehearsal.environment …
 * await rehearsal.close();
 */
export async function openRehearsal(options: OpenRehearsalOptions = {}): Promise<Rehearsal> {
  const { projectDir = os.tmpdir(), env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' } } =
    options;
  const { clock = systemClock } = options;
  const own =
    options.stateDir === undefined ? await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-rehearsal-')) : undefined;
  const stateDir = options.stateDir ?? own!;
  const unlock = await lock(stateDir, clock);
  const leave = async (): Promise<void> => {
    await unlock();
    if (own !== undefined) await fs.rm(own, { recursive: true, force: true });
  };
  const ctx = idleContext({
    projectDir,
    stateDir,
    tempDir: stateDir,
    env,
    clock,
    emit: (event) => {
      if (event.type === 'message' && event.level === 'warning') options.onWarning?.(event.text);
    },
  });
  try {
    const rehearsal = await startRehearsal(options, ctx);
    return { ...rehearsal, close: () => rehearsal.close().finally(leave) };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function lock(stateDir: string, clock: Clock): Promise<() => Promise<void>> {
  const end = clock.now() + PATIENCE;
  return lockFile(path.join(stateDir, 'lock'), {
    sleep: async (ms) => {
      if (clock.now() > end) {
        throw new GoldsmithError('RUN_BUSY', `another rehearsal runs in ${stateDir}`, {
          hint: 'wait for its end, or give this one a state folder of its own with --state DIR',
        });
      }
      await clock.sleep(ms);
    },
  });
}
