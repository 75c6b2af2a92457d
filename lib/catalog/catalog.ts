import type { Artifact } from '../extension/artifact';
import type { CheckResult } from '../extension/check';
import type { Checkpoint } from '../extension/platform';
import type { Json } from '../plan/json';
import { encodePart } from './encode';
import type { Store } from './store';

/** What a node made, under its cache key. */
export interface NodeRecord {
  readonly app: string;
  readonly node: string;
  readonly use: string;
  readonly key: string;
  readonly run: string;
  /** Milliseconds since the epoch. */
  readonly builtAt: number;
  /** Digest of the node's definition when it was built, for `diff`. */
  readonly digest: string;
  /** Absent where the node makes none (a verification, a discarded build). */
  readonly artifact?: Artifact;
  /** Of a verification: how its checks went. */
  readonly checks?: readonly CheckResult[];
  /** The artifact waits for verifications, or was just being published: nobody is given it. */
  readonly held?: 'waiting' | 'publishing';
  /** How it was published, as a digest: other copies or names are published anew. Absent where the platform does not tell. */
  readonly published?: string;
  /** A post-processor took the artifact over and it was deleted: Packer's rule. */
  readonly consumed?: boolean;
}

/** A snapshot after a step, under the key of that step. */
export interface CheckpointRecord {
  readonly app: string;
  readonly node: string;
  readonly use: string;
  readonly key: string;
  readonly run: string;
  readonly builtAt: number;
  readonly checkpoint: Checkpoint;
}

/** What was built, by key and by name. */
export class Catalog {
  constructor(private readonly store: Store) {}

  /** What was made under a key. */
  async byKey(key: string): Promise<NodeRecord | undefined> {
    return (await this.store.get(`nodes/${key}`))?.value as unknown as NodeRecord | undefined;
  }

  /** What a node made last. */
  async latest(app: string, node: string): Promise<NodeRecord | undefined> {
    const found = await this.store.get(latestKey(app, node));
    const key = found && (found.value as unknown as { key: string }).key;
    return key === undefined ? undefined : this.byKey(key);
  }

  /** Records what a node made: under its key, and as its newest. */
  async record(record: NodeRecord): Promise<void> {
    await this.amend(record);
    await this.store.put(latestKey(record.app, record.node), { key: record.key });
  }

  /** Records what a node made under its key alone: it is not yet, or not again, its newest. */
  async amend(record: NodeRecord): Promise<void> {
    await this.store.put(`nodes/${record.key}`, record as unknown as Json);
  }

  /** Makes a record its node's newest, where a cached one is used again. */
  async touch(record: NodeRecord): Promise<void> {
    const current = await this.store.get(latestKey(record.app, record.node));
    if ((current?.value as unknown as { key?: string } | undefined)?.key !== record.key) {
      await this.store.put(latestKey(record.app, record.node), { key: record.key });
    }
  }

  /** Newest builds whose node is an image of this name on this platform, `[app/]image/*`. */
  async find(name: string, use: string): Promise<NodeRecord | undefined> {
    const keys = await this.store.list('latest/');
    const records: NodeRecord[] = [];
    for (const key of keys) {
      const [app, ...node] = key.slice('latest/'.length).split('/');
      const image = node.slice(0, -1).join('/');
      if (image !== name && `${decodeURIComponent(app!)}/${image}` !== name) continue;
      const record = await this.byKey(((await this.store.get(key))?.value as { key: string } | undefined)?.key ?? '');
      if (record?.use === use && record.artifact && !record.consumed && !record.held) records.push(record);
    }
    return records.sort((a, b) => b.builtAt - a.builtAt)[0];
  }

  /** Ids of all nodes of an app that were ever built. */
  async names(app: string): Promise<readonly string[]> {
    const prefix = latestKey(app, '');
    return (await this.store.list(prefix)).map((key) => key.slice(prefix.length));
  }

  /** A checkpoint under a key. */
  async checkpoint(key: string): Promise<CheckpointRecord | undefined> {
    return (await this.store.get(`checkpoints/${key}`))?.value as unknown as CheckpointRecord | undefined;
  }

  /** Records a checkpoint. */
  async recordCheckpoint(record: CheckpointRecord): Promise<void> {
    await this.store.put(`checkpoints/${record.key}`, record as unknown as Json);
  }

  /** Forgets a checkpoint. */
  async forgetCheckpoint(key: string): Promise<void> {
    await this.store.delete(`checkpoints/${key}`);
  }

  /** Forgets what a node made. */
  async forget(key: string): Promise<void> {
    await this.store.delete(`nodes/${key}`);
  }

  /** All checkpoints. */
  async checkpoints(): Promise<readonly CheckpointRecord[]> {
    return this.all<CheckpointRecord>('checkpoints/');
  }

  /** Everything that was made. */
  async records(): Promise<readonly NodeRecord[]> {
    return this.all<NodeRecord>('nodes/');
  }

  /** Tokens of all that belongs to an artifact or a checkpoint. */
  async tokens(): Promise<ReadonlySet<string>> {
    const kept = new Set<string>();
    for (const { artifact, consumed } of await this.records()) {
      if (!consumed) for (const { token } of artifact?.resources ?? []) kept.add(token);
    }
    for (const { checkpoint } of await this.checkpoints())
      for (const { token } of checkpoint.resources) kept.add(token);
    return kept;
  }

  private async all<T>(prefix: string): Promise<readonly T[]> {
    const records: T[] = [];
    for (const key of await this.store.list(prefix)) {
      const stored = await this.store.get(key);
      if (stored) records.push(stored.value as unknown as T);
    }
    return records;
  }
}

/** The app is one part of the key, whatever its name. */
function latestKey(app: string, node: string): string {
  return `latest/${encodePart(app)}/${node}`;
}
