import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { ResourceRecord } from '../extension/artifact';
import { isObject } from '../plan/json';
import { explainErrno } from '../util/errno';

/** One record of a journal. */
export type JournalRecord =
  /** The first: what a later `recover` needs to find the extensions. */
  | {
      readonly type: 'run';
      readonly run: string;
      readonly app: string;
      readonly modules: Readonly<Record<string, string>>;
    }
  /** Something is about to be created. */
  | { readonly type: 'intent'; readonly node: string; readonly resource: ResourceRecord }
  /** It is there, and this is its id. */
  | { readonly type: 'created'; readonly token: string; readonly id: string }
  /** It belongs to an artifact or a checkpoint now. */
  | { readonly type: 'kept'; readonly token: string }
  | { readonly type: 'destroyed'; readonly token: string }
  /** It was left on purpose (`--on-error keep`): only an explicit `recover` deletes it. */
  | { readonly type: 'left'; readonly token: string }
  /** The run ended by itself: whatever is neither kept nor destroyed was left on purpose or could not be deleted. */
  | { readonly type: 'ended'; readonly status: string };

/** The log that makes sure nothing is forgotten. */
export interface Journal {
  /** Resolves when the record is durable: only then may the thing it announces be done. */
  append(record: JournalRecord): Promise<void>;
  close(): Promise<void>;
}

/** A journal in a file, one JSON record a line. Records that come together are made durable together. */
export class FileJournal implements Journal {
  /** Opens the journal for appending. */
  static async open(file: string): Promise<FileJournal> {
    try {
      await fs.mkdir(path.dirname(file), { recursive: true });
      const handle = await fs.open(file, 'a+');
      return new FileJournal(handle, await endsWithin(handle));
    } catch (error) {
      throw explainErrno(error, 'opening the journal of the run');
    }
  }

  private waiting: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  private writing: Promise<void> | undefined;

  private constructor(
    private readonly handle: fs.FileHandle,
    /** Whether the last line has no end: what comes next must not become part of it. */
    private torn: boolean,
  ) {}

  /** Adds a record. */
  append(record: JournalRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ line: `${JSON.stringify(record)}\n`, resolve, reject });
      this.writing ??= this.write();
    });
  }

  /** Ends when all is written. */
  async close(): Promise<void> {
    await this.writing;
    await this.handle.close();
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        const before = this.torn ? '\n' : '';
        this.torn = true;
        await this.handle.appendFile(before + batch.map(({ line }) => line).join(''));
        await this.handle.datasync();
        this.torn = false;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(explainErrno(error, 'writing the journal of the run'));
      }
    }
    this.writing = undefined;
  }
}

/** Whether a file ends in the middle of a line: the machine went down while it was written, or the disk was full. */
async function endsWithin(handle: fs.FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 10;
}

/** What a journal says. */
export interface JournalContent {
  readonly records: readonly JournalRecord[];
  /** Lines that could not be read: the last one, where the machine went down while it was written, or a damaged one. */
  readonly damaged: number;
}

/** Reads a journal, as far as it can be read. */
export async function readJournal(file: string): Promise<JournalContent> {
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // What cannot be read at all is a damaged line: the platforms are searched instead.
    return error.code === 'ENOENT' ? '' : UNREADABLE;
  });
  const records: JournalRecord[] = [];
  let damaged = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      const record: unknown = JSON.parse(line);
      if (isRecord(record)) records.push(record);
      else damaged += 1;
    } catch {
      damaged += 1;
    }
  }
  return { records, damaged };
}

const UNREADABLE = '?';

function isRecord(value: unknown): value is JournalRecord {
  if (!isObject(value)) return false;
  const { type, token, resource, modules } = value;
  if (type === 'run') return isObject(modules);
  if (type === 'intent') return isObject(resource) && typeof resource['token'] === 'string';
  return type === 'ended' || typeof token === 'string';
}

/** A resource that a journal knows to be there, or that may be. */
export interface Outstanding {
  readonly node: string;
  readonly resource: ResourceRecord;
  /** Left on purpose. */
  readonly left?: boolean;
}

/** What was begun or created and neither kept nor destroyed, newest first: the order in which to delete it. */
export function outstanding(records: readonly JournalRecord[]): Outstanding[] {
  const open = new Map<string, Outstanding>();
  for (const record of records) {
    if (record.type === 'intent') open.set(record.resource.token, { node: record.node, resource: record.resource });
    else if (record.type === 'created') {
      const entry = open.get(record.token);
      if (entry) open.set(record.token, { ...entry, resource: { ...entry.resource, id: record.id } });
    } else if (record.type === 'left') {
      const entry = open.get(record.token);
      if (entry) open.set(record.token, { ...entry, left: true });
    } else if (record.type === 'kept' || record.type === 'destroyed') open.delete(record.token);
  }
  return [...open.values()].reverse();
}
