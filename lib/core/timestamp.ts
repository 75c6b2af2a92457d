import type { LateJson } from '../plan/late';
import { LateValue } from './output';

class Timestamp extends LateValue<string> {
  constructor(private readonly format: string) {
    super();
  }

  toPlan(): LateJson {
    return { $now: { format: this.format } };
  }

  protected describe(): string {
    return 'timestamp()';
  }
}

class UniqueId extends LateValue<string> {
  constructor(private readonly length: number) {
    super();
  }

  toPlan(): LateJson {
    return { $unique: { length: this.length } };
  }

  protected describe(): string {
    return 'uniqueId()';
  }
}

/**
 * The time at which the run began, in UTC: the same everywhere in one run, and in no digest.
 *
 * @param format pieces `YYYY MM DD HH mm ss` are replaced; `unix` gives seconds since the epoch
 */
export function timestamp(format = 'YYYYMMDDHHmmss'): LateValue<string> {
  return new Timestamp(format);
}

/**
 * A random id of lower-case letters and digits: the same everywhere in one run, and in no digest.
 *
 * @param length 1 to 64
 */
export function uniqueId(length = 8): LateValue<string> {
  return new UniqueId(length);
}
