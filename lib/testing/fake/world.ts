import type { ResourceRecord } from '../../extension/artifact';
import type { Json } from '../../plan/json';

/** What a fake platform can hold. */
export type FakeKind = 'machine' | 'image' | 'checkpoint';

/** Something that exists on a fake platform. */
export interface FakeThing {
  readonly kind: FakeKind;
  readonly id: string;
  readonly token: string;
  /** Where and under which name it was asked for. */
  readonly locator: Json;
  /** Run and node that made it. */
  readonly run: string;
  readonly node: string;
  /** What led to it, from its base on: each command in order. Two images with the same history are the same. */
  readonly history: readonly string[];
  /** Files that were uploaded to it, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A thing, as the driver changes it. */
export interface MutableThing extends FakeThing {
  readonly history: string[];
  readonly files: Map<string, Uint8Array>;
}

/** Everything that exists on a fake platform: the one place that knows what was forgotten. */
export class FakeWorld {
  private readonly things = new Map<string, MutableThing>();
  private count = 0;

  /** Makes a thing, or gives the one that the same token made before: as a cloud does with a client token. */
  create(
    asked: Pick<FakeThing, 'kind' | 'token' | 'locator' | 'run' | 'node'>,
    from: Pick<FakeThing, 'history' | 'files'>,
  ): MutableThing {
    const before = this.byToken(asked.token);
    if (before) return before;
    const id = `${asked.kind}-${(this.count += 1)}`;
    const thing = { ...asked, id, history: [...from.history], files: new Map(from.files) };
    this.things.set(id, thing);
    return thing;
  }

  /** A thing by its id. */
  byId(id: string): MutableThing | undefined {
    return this.things.get(id);
  }

  /** What a record names: by id, else by token. */
  find({ id, token }: ResourceRecord): MutableThing | undefined {
    return id === undefined ? this.byToken(token) : this.things.get(id);
  }

  /** Deletes a thing, or nothing where it is gone. */
  remove(resource: ResourceRecord): void {
    const thing = this.find(resource);
    if (thing) this.things.delete(thing.id);
  }

  /** All things of a kind, in the order in which they were made. */
  all(kind?: FakeKind): readonly FakeThing[] {
    return [...this.things.values()].filter((thing) => kind === undefined || thing.kind === kind);
  }

  private byToken(token: string): MutableThing | undefined {
    return [...this.things.values()].find((thing) => thing.token === token);
  }
}
