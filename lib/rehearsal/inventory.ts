/** Something that was created in a rehearsal: what a real run would have created. */
export interface InventoryEntry {
  readonly cloud: string;
  /** What it is, such as `instance`. */
  readonly kind: string;
  readonly id: string;
  readonly region: string;
  /** One line about it, such as its type and image. */
  readonly detail: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When it was deleted; undefined: it is still there. */
  readonly deletedAt?: number;
  /** Milliseconds that it would have lived longer, since delays pass faster here. */
  readonly skipped: number;
  /** What it is a part of and goes with, such as an image of a snapshot. */
  readonly partOf?: string;
  /** Whether it is meant to stay, such as the images that were built. */
  readonly lasts: boolean;
}

type Mutable = { -readonly [K in keyof InventoryEntry]: InventoryEntry[K] };

/** Keeps the books of what was created. */
export class Inventory {
  private readonly entries = new Map<string, Mutable>();

  /** Notes a creation. */
  created(entry: Omit<InventoryEntry, 'skipped'>): void {
    this.entries.set(entry.id, { ...entry, skipped: 0 });
  }

  /** Notes a deletion. What was there before the rehearsal is in no book. */
  deleted(id: string, at: number): void {
    const entry = this.entries.get(id);
    if (entry && entry.deletedAt === undefined) entry.deletedAt = at;
  }

  /** Notes what something is a part of. */
  belongs(id: string, owner: string): void {
    const entry = this.entries.get(id);
    if (entry) entry.partOf = owner;
  }

  /** Notes that something waited shorter than in life. */
  skipped(id: string, milliseconds: number): void {
    const entry = this.entries.get(id);
    if (entry) entry.skipped += milliseconds;
  }

  /** Everything, in the order of creation. */
  list(): readonly InventoryEntry[] {
    return [...this.entries.values()];
  }
}
