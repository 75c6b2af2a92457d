import * as path from 'node:path';
import type { IConstruct } from 'constructs';
import { GoldsmithError } from '../errors';
import { callerOrigin } from './origin';
import { isLate, type Late, type LateJson, type Text } from '../plan/late';

/** A value that is known only at run time. Using it as a plain string is a mistake, which it says. */
export abstract class LateValue<T> implements Late<T> {
  abstract toPlan(): LateJson;

  /** Refuses: the value is not known yet. */
  toString(): never {
    throw notText(this.describe());
  }

  /** Refuses, as {@link toString} does. */
  toJSON(): never {
    throw notText(this.describe());
  }

  /** Refuses conversion to a string or a number. */
  [Symbol.toPrimitive](): never {
    throw notText(this.describe());
  }

  /** What it is, for messages. */
  protected abstract describe(): string;
}

/** A property of what a build makes, such as its image id: known when that build is done, and makes whoever uses it wait for it. */
export class Output<T = string> extends LateValue<T> {
  /** The output `name` of a source's build. */
  static of(source: IConstruct, name: string): Output {
    return new Output(source, name);
  }

  /** @internal stands for an output of something that does not exist; synth reports it. */
  static unknown(name: string): Output {
    return new Output(undefined, name);
  }

  private constructor(
    /** @internal */
    readonly source: IConstruct | undefined,
    /** Its name. */
    readonly name: string,
  ) {
    super();
  }

  /** How the plan writes it. */
  toPlan(): LateJson {
    return { $output: { node: this.source?.node.path ?? '', name: this.name } };
  }

  protected describe(): string {
    return `the output \`${this.name}\`${this.source ? ` of ${this.source.node.path}` : ''}`;
  }
}

/** Pieces joined at run time. Made by {@link text}. */
export class JoinedText extends LateValue<string> {
  /** @internal */
  constructor(readonly parts: readonly Text[]) {
    super();
  }

  /** How the plan writes it. */
  toPlan(): LateJson {
    return { $text: this.parts.map((part) => (typeof part === 'string' ? part : part.toPlan())) };
  }

  protected describe(): string {
    return 'a text with values that are known only at run time';
  }
}

/**
 * Joins strings with values that are known only at run time.
 *
 * @example
 * new ShellProvisioner(web, 'Note', { inline: [text`echo built ${timestamp()} on ${core.artifact('Docker').output('id')}`] });
 */
export function text(
  strings: TemplateStringsArray,
  ...values: readonly (Text | number | boolean | Late)[]
): JoinedText {
  const parts: Text[] = [];
  strings.forEach((string, index) => {
    if (string !== '') parts.push(string);
    if (index < values.length) parts.push(piece(values[index]));
  });
  return new JoinedText(parts);
}

function piece(value: unknown): Text {
  if (isLate(value)) return value as Late<string>;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new GoldsmithError('INVALID_PROPS', `a piece of text\`…\` is ${value === null ? 'null' : typeof value}`, {
    ...here(),
    hint: 'texts, numbers, true and false, and values that are known at run time can be joined',
  });
}

function notText(what: string): GoldsmithError {
  return new GoldsmithError(
    'LATE_VALUE_AS_TEXT',
    `${what} is known only at run time and cannot be used as a plain string here`,
    { ...here(), hint: 'join it with text`…${value}…`, which keeps the place for it' },
  );
}

/** The line of the program. This error is thrown at once, so nobody else can say. */
function here(): { readonly source?: string } {
  const origin = callerOrigin();
  return origin ? { source: `${path.basename(origin.file)}:${origin.line}` } : {};
}
