import { digestOf } from '../plan/digest';
import type { JsonObject } from '../plan/json';
import type { LateJson } from '../plan/late';
import { LateValue } from './output';

/** What a {@link Lookup} asks. */
export interface LookupOfValues {
  /** Type key of the lookup extension that answers, such as `amazon-parameterstore`. */
  readonly use: string;
  /** Plain data: the question. */
  readonly query: JsonObject;
  /** How messages and the lock file name it. */
  readonly label: string;
  /** npm module that exports the extension. */
  readonly module: string;
}

/**
 * Values that stand elsewhere and can move, such as a parameter of a cloud: read when the plan runs first, pinned in the lock file, and
 * moved by `goldsmith update`. What uses one is built anew when it has moved. For secrets there is {@link Secret}, which is in no file.
 */
export class Lookup {
  /** A question that a lookup extension answers: how platforms and third parties offer theirs. */
  static of(question: LookupOfValues): Lookup {
    return new Lookup(question);
  }

  private constructor(
    /** @internal */
    readonly question: LookupOfValues,
  ) {}

  /** Id of the lookup in the plan: the same question is asked once. */
  get id(): string {
    const { use, query } = this.question;
    return digestOf({ use, query }).slice(0, 16);
  }

  /** One of the values that it finds. */
  field(name: string): LookupValue {
    return new LookupValue(this, name);
  }
}

/** A value of a {@link Lookup}. */
export class LookupValue extends LateValue<string> {
  /** @internal */
  constructor(
    /** @internal */
    readonly lookup: Lookup,
    private readonly name: string,
  ) {
    super();
  }

  /** How the plan writes it. */
  toPlan(): LateJson {
    return { $lookup: { id: this.lookup.id, field: this.name } };
  }

  protected describe(): string {
    return `\`${this.name}\` of ${this.lookup.question.label}`;
  }
}
