import type { RunEvent } from '../engine/events';

/** What is there because of a run and would be deleted when it ends. */
interface Entry {
  readonly node: string;
  readonly kind: string;
  id?: string | undefined;
}

/** Keeps track of what a run has created and not deleted, for whoever leaves before it could clean up. */
export class Inventory {
  private readonly entries: Entry[] = [];

  /** Takes one event in. */
  event(event: RunEvent): void {
    if (event.type !== 'resource') return;
    const { phase, node, kind, id } = event;
    if (phase === 'creating') this.entries.push({ node, kind });
    const at = this.entries.findIndex(
      (entry) => entry.node === node && entry.kind === kind && isSame(entry, phase, id),
    );
    if (at < 0) return;
    if (phase === 'created') this.entries[at]!.id = id;
    else if (phase === 'kept' || phase === 'destroyed') this.entries.splice(at, 1);
  }

  /** One line each, newest first. */
  lines(): readonly string[] {
    return this.entries.map(({ node, kind, id }) => `${kind} ${id ?? '(being created)'} of ${node}`).reverse();
  }
}

/** Ids are known from `created` on; before it, and where a creation failed, the oldest without one is meant. */
function isSame(entry: Entry, phase: string, id: string | undefined): boolean {
  return phase === 'created' ? entry.id === undefined : entry.id === id;
}
