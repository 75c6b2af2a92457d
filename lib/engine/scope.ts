import { GoldsmithError, messageOf } from '../errors';
import type { ResourceRecord } from '../extension/artifact';
import type { Json } from '../plan/json';
import { sha256 } from '../plan/digest';
import type { Services } from './services';

interface Entry {
  resource: ResourceRecord;
  /** It will belong to an artifact or checkpoint once that is recorded. */
  wanted: boolean;
  /** What the next run goes on with, in words: it stays where it does not become part of an artifact. */
  unfinished?: string;
}

/**
 * Everything that one node creates. What is created goes through {@link acquire}: the intent is durable before, the id
 * after, and whatever is not kept is destroyed when the node ends, newest first.
 */
export class Scope {
  private entries: Entry[] = [];
  private readonly places = new Map<string, number>();

  constructor(
    private readonly node: string,
    private readonly services: Services,
    /** Tells scopes of one node from each other: their tokens must differ. */
    private readonly stage = '',
  ) {}

  /** Creates something. Not interrupted by cancellation: between "created" and "known" nothing may come. */
  async acquire(
    kind: string,
    locator: Json,
    signal: AbortSignal,
    create: (token: string) => Promise<string>,
  ): Promise<ResourceRecord> {
    signal.throwIfAborted();
    const token = this.tokenFor(kind);
    const entry: Entry = { resource: { kind, token, locator }, wanted: false };
    this.emit('creating', entry.resource);
    await this.services.journal.append({ type: 'intent', node: this.node, resource: entry.resource });
    this.entries.push(entry);
    const id = await create(token);
    entry.resource = { ...entry.resource, id };
    await this.services.journal.append({ type: 'created', token, id });
    this.emit('created', entry.resource);
    return entry.resource;
  }

  /** Marks something as wanted: it is kept when {@link commit} is called. */
  keep(resource: ResourceRecord): void {
    const entry = this.find(resource);
    if (entry) entry.wanted = true;
  }

  /**
   * Marks something as unfinished: it stays also where the node fails or the process dies, since the next run goes on with it. What was
   * marked so before under another token and is the same is this now.
   */
  async leaveUnfinished(resource: ResourceRecord, detail: string): Promise<void> {
    const entry = this.find(resource);
    if (!entry) return;
    entry.unfinished = detail;
    await this.services.journal.append({ type: 'left', token: resource.token });
    const { kind, id } = entry.resource;
    const before = this.entries.filter(
      (other) => other !== entry && other.resource.kind === kind && other.resource.id === id,
    );
    for (const { resource: old } of before) await this.services.journal.append({ type: 'kept', token: old.token });
    this.entries = this.entries.filter((other) => !before.includes(other));
  }

  /** What was marked is recorded elsewhere now: it is no longer this scope's to destroy. */
  async commit(): Promise<void> {
    const kept = this.entries.filter(({ wanted }) => wanted);
    this.entries = this.entries.filter(({ wanted }) => !wanted);
    // The record decides; where the journal cannot take this, `recover` finds it recorded.
    await Promise.all(
      kept.map(({ resource }) =>
        this.services.journal.append({ type: 'kept', token: resource.token }).catch(() => undefined),
      ),
    );
    for (const { resource } of kept) this.emit('kept', resource);
  }

  /** Destroys what was marked and will not be recorded after all. What cannot be destroyed now is tried again at the end. */
  async discard(): Promise<void> {
    for (const entry of this.entries.filter(({ wanted }) => wanted).reverse()) {
      entry.wanted = false;
      if (entry.unfinished !== undefined) continue;
      await this.destroy(entry).catch(() => undefined);
    }
  }

  /** Destroys one thing now. */
  async release(resource: ResourceRecord): Promise<void> {
    const entry = this.find(resource);
    if (entry) await this.destroy(entry);
  }

  /** Destroys what is there now, newest first. What cannot be destroyed is tried again at the end. */
  async clear(): Promise<void> {
    for (const entry of [...this.entries].reverse()) await this.destroy(entry).catch(() => undefined);
  }

  /** Leaves everything as it is, on purpose: the journal says so, and the report how to remove it. */
  async leave(detail: string): Promise<void> {
    for (const { resource } of [...this.entries].reverse()) {
      await this.services.journal.append({ type: 'left', token: resource.token });
      this.services.left.push({
        kind: resource.kind,
        id: resource.id ?? resource.token,
        node: this.node,
        why: 'kept',
        detail,
      });
    }
    this.entries = [];
  }

  /** Destroys what is still there, newest first. What cannot be destroyed is reported, and tried again by the next run. */
  async close(): Promise<void> {
    for (const entry of [...this.entries].reverse()) {
      const { unfinished: detail } = entry;
      if (detail !== undefined) {
        const { kind, id, token } = entry.resource;
        this.services.left.push({ kind, id: id ?? token, node: this.node, why: 'kept', detail });
        continue;
      }
      await this.destroy(entry).catch((error: unknown) => {
        const { kind, id, token } = entry.resource;
        const detail = messageOf(error);
        this.emit('leaked', entry.resource);
        this.services.left.push({ kind, id: id ?? token, node: this.node, why: 'leaked', detail });
        const text = `${kind} ${id ?? token} could not be deleted: ${detail}`;
        this.services.emit({ type: 'message', level: 'error', node: this.node, text });
      });
    }
    this.entries = [];
  }

  private async destroy(entry: Entry): Promise<void> {
    this.emit('destroying', entry.resource);
    await this.services.destroy(entry.resource, this.node, this.services.cleanupSignal);
    // Where the journal cannot take this, `recover` deletes it again, which does no harm.
    await this.services.journal.append({ type: 'destroyed', token: entry.resource.token }).catch(() => undefined);
    this.entries = this.entries.filter((other) => other !== entry);
    this.emit('destroyed', entry.resource);
  }

  private find(resource: ResourceRecord): Entry | undefined {
    return this.entries.find((entry) => entry.resource.token === resource.token);
  }

  /** Derived from the run, the node and the place in it, never from the attempt: a lost answer can be found again. */
  private tokenFor(kind: string): string {
    const place = this.places.get(kind) ?? 0;
    this.places.set(kind, place + 1);
    const stage = this.stage === '' ? [] : [this.stage];
    return sha256([this.services.run.id, this.node, kind, place, ...stage].join('\0')).slice(0, 20);
  }

  private emit(
    phase: 'creating' | 'created' | 'kept' | 'destroying' | 'destroyed' | 'leaked',
    { kind, id }: ResourceRecord,
  ): void {
    this.services.emit({ type: 'resource', node: this.node, phase, kind, id });
  }
}

/** The error for a second interrupt: cleaning up was given up. */
export function gaveUp(): GoldsmithError {
  return new GoldsmithError('CANCELLED', 'cleaning up was interrupted', {
    hint: 'run `goldsmith recover` to delete what is left',
  });
}
