import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../errors';
import { readIfThere, writeAtomically } from '../util/atomic';
import { explainErrno } from '../util/errno';
import { isAlive, ownIdentity, type ProcessIdentity } from '../util/identity';
import { isTemporary, temporaryName } from '../util/temporary';

/** How many runs are kept for `report` once they have ended. */
const KEPT_RUNS = 30;

/** What `recover` must know of a run whose journal is damaged. */
export interface RunOrigin {
  readonly app: string;
  readonly modules: Readonly<Record<string, string>>;
}

/** The folder of one run: `<state>/runs/<id>` with the journal, the events, and who owns it while it is open. */
export class RunFolder {
  /** Makes the folder of a new run: it appears with its owner in it. Its id sorts by time. */
  static async create(stateDir: string, startedAt: number, about: RunOrigin): Promise<RunFolder> {
    const time = new Date(startedAt).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    const folder = new RunFolder(stateDir, `${time}-${randomBytes(3).toString('hex')}`);
    const temporary = temporaryName(folder.dir);
    try {
      await fs.mkdir(path.join(temporary, path.basename(folder.temp)), { recursive: true });
      await fs.writeFile(
        path.join(temporary, path.basename(folder.owner)),
        JSON.stringify({ ...ownIdentity(), ...about }),
      );
      await fs.rename(temporary, folder.dir);
    } catch (error) {
      await fs.rm(temporary, { recursive: true, force: true }).catch(() => undefined);
      const explained = explainErrno(error, `making the state folder ${stateDir}`);
      if (GoldsmithError.is(explained)) throw explained;
      throw new GoldsmithError('READ_ONLY', `the state folder ${stateDir} cannot be made: ${messageOf(error)}`, {
        cause: error,
        hint: 'name another folder with --state DIR',
      });
    }
    return folder;
  }

  /** All runs, oldest first. */
  static async all(stateDir: string): Promise<RunFolder[]> {
    const names = await fs.readdir(path.join(stateDir, 'runs')).catch(() => []);
    return names
      .filter((name) => !isTemporary(name))
      .sort()
      .map((name) => new RunFolder(stateDir, name));
  }

  readonly dir: string;

  constructor(
    private readonly stateDir: string,
    readonly id: string,
  ) {
    this.dir = path.join(stateDir, 'runs', id);
  }

  get journal(): string {
    return path.join(this.dir, 'journal.jsonl');
  }

  get events(): string {
    return path.join(this.dir, 'events.jsonl');
  }

  get temp(): string {
    return path.join(this.dir, 'tmp');
  }

  private get owner(): string {
    return path.join(this.dir, 'owner.json');
  }

  private get keptMarker(): string {
    return path.join(this.dir, 'kept.json');
  }

  /** Whether it ended by itself, lives in a process, died, or ended and left machines on purpose. */
  async state(): Promise<'ended' | 'alive' | 'dead' | 'kept'> {
    const text = await readIfThere(this.owner).catch(() => undefined);
    if (text === undefined)
      return (await readIfThere(this.keptMarker).catch(() => undefined)) === undefined ? 'ended' : 'kept';
    try {
      const owner = JSON.parse(text) as ProcessIdentity & { readonly abandoned?: true };
      return owner.abandoned !== true && isAlive(owner) ? 'alive' : 'dead';
    } catch {
      return 'dead';
    }
  }

  /** What is known of it beside its journal, as long as it is open. */
  async origin(): Promise<RunOrigin | undefined> {
    try {
      return (JSON.parse((await readIfThere(this.owner)) ?? 'null') as RunOrigin | null) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Closes it: nothing of it is left, or only what was kept on purpose. */
  async end(left: 'nothing' | 'kept'): Promise<void> {
    await fs.rm(this.temp, { recursive: true, force: true });
    if (left === 'kept') await writeAtomically(this.keptMarker, '{}');
    else await fs.rm(this.keptMarker, { force: true });
    await fs.rm(this.owner, { force: true });
  }

  /**
   * Marks it as given up, where it is still open: what is left of it is the next recovery's, though this process lives. That it
   * cannot be marked does no harm once the process has ended.
   */
  async abandon(): Promise<void> {
    try {
      const text = await readIfThere(this.owner);
      if (text === undefined) return;
      await writeAtomically(this.owner, JSON.stringify({ ...(JSON.parse(text) as object), abandoned: true }));
    } catch {
      return;
    }
  }

  /** Deletes the oldest ended runs beyond those that are kept. */
  async pruneOthers(): Promise<void> {
    const runs = await RunFolder.all(this.stateDir);
    for (const run of runs.slice(0, Math.max(0, runs.length - KEPT_RUNS))) {
      if ((await run.state()) === 'ended') await fs.rm(run.dir, { recursive: true, force: true });
    }
  }
}
