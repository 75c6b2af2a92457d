import * as fs from 'node:fs';
import * as path from 'node:path';
import { FileStore, type Store } from '../../lib/catalog';
import { FileJournal, type Journal } from '../../lib/engine';
import type { FakePlatform, FakeVerb } from '../../lib/testing';

/** When in the life of a journal a process dies. */
export interface Death {
  /** At which record, from 1. */
  readonly record: number;
  /** Before it is written, when half of it is, or after it. */
  readonly when: 'before' | 'torn' | 'after';
}

const VERBS: readonly FakeVerb[] = [
  'lookup',
  'preflight',
  'launch',
  'connect',
  'exec',
  'checkpoint',
  'capture',
  'exists',
  'destroy',
];

/**
 * Lets a run die as from `kill -9`, in this process: from that moment nothing that it waits for ever answers, so it can neither do
 * nor clean up anything more.
 */
export class DyingRun {
  /** Resolves when it is dead. */
  readonly died: Promise<void>;
  /** How many records were written. */
  records = 0;
  private dead = false;
  private readonly journals: Journal[] = [];
  private die = (): void => undefined;

  constructor(
    private readonly death: Death,
    private readonly stateDir: string,
    fake: FakePlatform,
  ) {
    this.died = new Promise((resolve) => {
      this.die = () => {
        this.dead = true;
        resolve();
      };
    });
    for (const verb of VERBS) {
      for (const phase of ['before', 'created', 'after'] as const)
        fake.on(verb, () => (this.dead ? forever() : undefined), { phase, times: Number.POSITIVE_INFINITY });
    }
  }

  /** For `openJournal`. */
  openJournal = async (file: string): Promise<Journal> => {
    const journal = await FileJournal.open(file);
    this.journals.push(journal);
    return {
      append: async (record) => {
        if (this.dead) return forever();
        this.records += 1;
        const here = this.records === this.death.record;
        if (here && this.death.when === 'torn') {
          const line = JSON.stringify(record);
          fs.appendFileSync(file, line.slice(0, Math.ceil(line.length / 2)));
        }
        if (here && this.death.when !== 'after') {
          this.die();
          return forever();
        }
        await journal.append(record);
        if (!here) return;
        this.die();
        return forever();
      },
      close: () => (this.dead ? forever() : journal.close()),
    };
  };

  /** For `store`. */
  get store(): Store {
    const store = new FileStore(path.join(this.stateDir, 'store'));
    const alive = <T>(work: () => Promise<T>): Promise<T> => (this.dead ? forever() : work());
    return {
      get: (key) => alive(() => store.get(key)),
      put: (key, value, condition) => alive(() => store.put(key, value, condition)),
      list: (prefix) => alive(() => store.list(prefix)),
      delete: (key) => alive(() => store.delete(key)),
    };
  }

  /** Makes what the run holds look as after the death of its process, which in truth is this one and lives. */
  async bury(): Promise<void> {
    for (const journal of this.journals) await journal.close();
    // What was under way in the file system when it died still ends.
    for (let turn = 0; turn < 5; turn += 1) {
      await fs.promises.readdir(this.stateDir);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const owners = [
      ...files(path.join(this.stateDir, 'runs')).flatMap((run) => path.join(run, 'owner.json')),
      ...files(path.join(this.stateDir, 'locks')),
    ];
    for (const file of owners) {
      if (!fs.existsSync(file)) continue;
      const owner = JSON.parse(fs.readFileSync(file, 'utf8')) as { pid: number };
      fs.writeFileSync(file, JSON.stringify({ ...owner, start: '1' }));
    }
  }
}

function files(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
