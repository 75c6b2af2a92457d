import { GoldsmithError } from '../errors';
import { isObject, type Json } from '../plan/json';
import { readIfThere, writeAtomically } from '../util/atomic';
import { lockFile } from '../util/file-lock';

/** Its name, in the project's folder. */
export const LOCK_FILE = 'goldsmith.lock.json';

/** What a lookup resolved to, and when. */
export interface LockEntry {
  /** Which lookup: a hash of its platform and query. */
  readonly id: string;
  readonly resolved: Json;
  /** ISO date. */
  readonly at: string;
}

/** What was taken on trust, and when. */
export interface TrustEntry {
  readonly value: string;
  /** ISO date. */
  readonly at: string;
}

interface LockContent {
  readonly version: 1;
  /** By label, such as `docker debian:bookworm`. */
  readonly lookups: Readonly<Record<string, LockEntry>>;
  /** By subject, such as `ssh build.acme.test:22`. */
  readonly trusted?: Readonly<Record<string, TrustEntry>>;
}

/** `goldsmith.lock.json`: which exact base each lookup means, until `goldsmith update` moves it. Made to be committed. */
export class LockFile {
  constructor(private readonly file: string) {}

  /** The entry of a lookup. */
  async get(id: string): Promise<LockEntry | undefined> {
    return Object.values((await this.read()).lookups).find((entry) => entry.id === id);
  }

  /** All entries, by label. */
  async all(): Promise<Readonly<Record<string, LockEntry>>> {
    return (await this.read()).lookups;
  }

  /** What is recorded of a subject that was taken on trust. */
  async trusted(subject: string): Promise<TrustEntry | undefined> {
    const { trusted = {} } = await this.read();
    return Object.hasOwn(trusted, subject) ? trusted[subject] : undefined;
  }

  /** Writes one entry; other runs may write others at the same time. */
  async put(label: string, entry: LockEntry): Promise<void> {
    await this.change((content) => {
      const rest = Object.entries(content.lookups).filter(([name, { id }]) => name !== label && id !== entry.id);
      return { ...content, lookups: sorted([...rest, [label, entry]]) };
    });
  }

  /** Records what was taken on trust, unless something is recorded already. Returns what is recorded then. */
  async trust(subject: string, entry: TrustEntry): Promise<TrustEntry> {
    let known = entry;
    await this.change((content) => {
      const { trusted = {} } = content;
      if (Object.hasOwn(trusted, subject)) {
        known = trusted[subject]!;
        return undefined;
      }
      return { ...content, trusted: sorted([...Object.entries(trusted), [subject, entry]]) };
    });
    return known;
  }

  private async change(edit: (content: LockContent) => LockContent | undefined): Promise<void> {
    const release = await lockFile(`${this.file}.lock`, {
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    try {
      const content = edit(await this.read());
      if (content) await writeAtomically(this.file, `${JSON.stringify(content, null, 2)}\n`);
    } finally {
      await release();
    }
  }

  private async read(): Promise<LockContent> {
    const text = await readIfThere(this.file);
    if (text === undefined) return { version: 1, lookups: {} };
    try {
      const content: unknown = JSON.parse(text);
      if (isContent(content)) return content;
    } catch {
      // Reported below, as any other damage.
    }
    throw new GoldsmithError('STATE_DAMAGED', `${this.file} is no lock file of this version`, {
      hint: 'restore it from version control, or delete it to resolve all lookups anew',
    });
  }
}

function isContent(value: unknown): value is LockContent {
  if (!isObject(value) || value['version'] !== 1 || !isObject(value['lookups'])) return false;
  const { trusted = {} } = value;
  if (!isObject(trusted)) return false;
  if (!Object.values(trusted).every((entry) => isObject(entry) && typeof entry['value'] === 'string')) return false;
  return Object.values(value['lookups']).every(
    (entry) => isObject(entry) && typeof entry['id'] === 'string' && entry['resolved'] !== undefined,
  );
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
