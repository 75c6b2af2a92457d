import type { IConstruct } from 'constructs';

/** A rule that visits every construct below the one it was added to: to check, annotate or add. */
export interface Aspect {
  visit(construct: IConstruct): void;
}

const aspects = new WeakMap<IConstruct, Aspect[]>();

/**
 * Rules for a whole tree, such as "every image has a verification".
 *
 * @example
 * Aspects.of(app).add({ visit: (construct) => { if (Image.is(construct) && !construct.maxAge) Annotations.of(construct).addWarning('never refreshed'); } });
 */
export class Aspects {
  /** Those of one construct. */
  static of(construct: IConstruct): Aspects {
    return new Aspects(construct);
  }

  private constructor(private readonly construct: IConstruct) {}

  /** Visits the construct and everything below it at synth. */
  add(...added: readonly Aspect[]): void {
    aspects.set(this.construct, [...(aspects.get(this.construct) ?? []), ...added]);
  }

  /** All that were added, in order. */
  get all(): readonly Aspect[] {
    return aspects.get(this.construct) ?? [];
  }
}
