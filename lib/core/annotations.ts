import type { IConstruct } from 'constructs';

const warnings = new WeakMap<IConstruct, string[]>();
const errors = new WeakMap<IConstruct, string[]>();

/** Remarks on a construct that synth shows with its path and line. */
export class Annotations {
  /** Those of one construct. */
  static of(construct: IConstruct): Annotations {
    return new Annotations(construct);
  }

  private constructor(private readonly construct: IConstruct) {}

  /** Shown when the program is synthesised; nothing stops. */
  addWarning(message: string): void {
    add(warnings, this.construct, message);
  }

  /** Makes synth fail, together with all other problems. */
  addError(message: string): void {
    add(errors, this.construct, message);
  }

  /** @internal */
  get warnings(): readonly string[] {
    return warnings.get(this.construct) ?? [];
  }

  /** @internal */
  get errors(): readonly string[] {
    return errors.get(this.construct) ?? [];
  }
}

function add(map: WeakMap<IConstruct, string[]>, construct: IConstruct, message: string): void {
  const list = map.get(construct) ?? [];
  if (!list.includes(message)) map.set(construct, [...list, message]);
}
