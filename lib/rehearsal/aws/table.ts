import { AwsError } from './errors';
import type { Entity } from './types';

/** Where a call comes from. */
export interface Caller {
  readonly account: string;
  readonly region: string;
}

/** How things of one kind are called. */
export interface Kind {
  /** What ids begin with, such as `ami`. */
  readonly prefix: string;
  /** For errors: `image id`. */
  readonly label: string;
  /** Error where an id is of no thing. */
  readonly notFound: string;
  /** Error where an id is none. */
  readonly malformed: string;
}

/** All things of one kind, of all accounts and regions. */
export class Table<T extends Entity> {
  private readonly rows = new Map<string, T>();

  constructor(
    readonly kind: Kind,
    private readonly now: () => number,
  ) {}

  /** Adds a thing. */
  add(row: T): T {
    this.rows.set(row.id, row);
    return row;
  }

  /** Takes it away. */
  delete(id: string): void {
    this.rows.delete(id);
  }

  /** All of them, seen or not. */
  all(): readonly T[] {
    return [...this.rows.values()];
  }

  /** What can be seen in a region, whoever owns it. */
  in(region: string): readonly T[] {
    return this.all().filter((row) => isIn(row, region) && row.visibleAt <= this.now());
  }

  /** The caller's own. */
  of({ account, region }: Caller): readonly T[] {
    return this.in(region).filter((row) => row.account === account);
  }

  /** By id, where there is one, whatever its region. */
  find(id: string | undefined): T | undefined {
    return id === undefined ? undefined : this.rows.get(id);
  }

  /** By id; EC2's own errors where the id is none, or of nothing that the caller may see. */
  get(caller: Caller, id: string, sees: (row: T) => boolean = (row) => row.account === caller.account): T {
    if (!new RegExp(`^${this.kind.prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`).test(id)) {
      throw new AwsError(this.kind.malformed, `Invalid id: "${id}" (expecting "${this.kind.prefix}-...")`);
    }
    const row = this.rows.get(id);
    if (row && isIn(row, caller.region) && row.visibleAt <= this.now() && sees(row)) return row;
    throw this.missing(id);
  }

  /** The error of an id of nothing. */
  missing(id: string): AwsError {
    return new AwsError(this.kind.notFound, `The ${this.kind.label} '${id}' does not exist`);
  }
}

/** The region of what is in all of them. */
export const EVERYWHERE = '*';

function isIn(row: Entity, region: string): boolean {
  return row.region === region || row.region === EVERYWHERE;
}
