import type { Construct, IConstruct } from 'constructs';
import { Element } from './element';
import { addProblem } from './problems';
import { Secret } from './secret';

/** What a variable's value is, by its type's name. */
export interface VariableTypes {
  string: string;
  number: number;
  boolean: boolean;
  /** Written `a,b,c` or as a JSON array. */
  list: readonly string[];
}

/** Props of {@link Variable}. */
export interface VariableProps<K extends keyof VariableTypes = 'string'> {
  /**
   * What its value is. A `list` is written `a,b,c` or as a JSON array.
   * @default 'string'
   */
  readonly type?: K;
  /**
   * Value where none is given.
   * @default - a value must be given
   */
  readonly default?: VariableTypes[K];
  /**
   * What it is for: shown where it is missing.
   * @default - nothing is shown
   */
  readonly description?: string;
  /**
   * The values it may have.
   * @default - any of its type
   */
  readonly allowed?: readonly VariableTypes[K][];
  /**
   * Says what is wrong with a value, or undefined where it is right.
   * @default - no check
   */
  readonly validate?: (value: VariableTypes[K]) => string | undefined;
  /**
   * Its value is a secret: it is read with {@link Variable.secret}, and is in no plan.
   * @default false
   */
  readonly sensitive?: boolean;
}

/** Values given from outside, as text: `--var`, `--var-file` and `GOLDSMITH_VAR_x`, the first one that is there winning. */
export interface VariableInputs {
  readonly given: Readonly<Record<string, string>>;
}

const inputs = new WeakMap<IConstruct, VariableInputs>();

/** Tells the variables below `root` what was given. */
export function provideVariables(root: IConstruct, values: VariableInputs): void {
  inputs.set(root, values);
}

/** What was given to the variables below `root`. */
export function givenVariables(root: IConstruct): VariableInputs {
  return inputs.get(root) ?? { given: {} };
}

const sensitiveDefaults = new WeakMap<IConstruct, Record<string, string>>();

function noteSensitiveDefault(root: IConstruct, name: string, value: string): void {
  sensitiveDefaults.set(root, { ...sensitiveDefaults.get(root), [name]: value });
}

/** What a run of this program needs to read the secrets of its variables: what was given, and defaults, which are in no plan. */
export function variablesForRun(root: IConstruct): Readonly<Record<string, string>> {
  return { ...sensitiveDefaults.get(root), ...givenVariables(root).given };
}

const BRAND = Symbol.for('goldsmith.variable');

/**
 * A value given from outside when the program runs. Its id is its name.
 *
 * @example
 * const release = new Variable(app, 'release', { allowed: ['bookworm', 'trixie'], default: 'bookworm' });
 * new DockerSource(core, 'Docker', { base: `debian:${release.value}` });
 */
export class Variable<K extends keyof VariableTypes = 'string'> extends Element {
  /** Whether a value is a variable, also from another copy of this package. */
  static is(value: unknown): value is Variable<keyof VariableTypes> {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** Its name: the id. */
  readonly name: string;
  readonly props: Readonly<VariableProps<K>>;
  private readonly current: VariableTypes[K] | undefined;

  constructor(scope: Construct, name: string, props: VariableProps<K> = {}) {
    super(scope, name);
    Object.defineProperty(this, BRAND, { value: true });
    this.name = name;
    this.props = props;
    this.current = this.read();
  }

  /** Its value. Of a sensitive variable there is none to see: use {@link secret}. */
  get value(): VariableTypes[K] {
    if (this.props.sensitive) {
      addProblem(
        this,
        'LATE_VALUE_AS_TEXT',
        `the variable \`${this.name}\` is sensitive, its value cannot be read`,
        'use its `secret` in the prop that needs it',
      );
    }
    return this.current ?? (EMPTY[this.type] as VariableTypes[K]);
  }

  /** Its value as a secret, for a sensitive variable. */
  get secret(): Secret {
    if (!this.props.sensitive) {
      addProblem(
        this,
        'INVALID_PROPS',
        `the variable \`${this.name}\` is not sensitive`,
        'set `sensitive: true`, or use its `value`',
      );
    }
    return Secret.from('variable', { name: this.name });
  }

  private get type(): keyof VariableTypes {
    return this.props.type ?? 'string';
  }

  private read(): VariableTypes[K] | undefined {
    const { given } = givenVariables(this.node.root);
    const text = Object.hasOwn(given, this.name) ? given[this.name] : undefined;
    if (text === undefined) return this.readDefault();
    const value = parse(text, this.type) as VariableTypes[K] | undefined;
    if (value === undefined) this.reportInvalid(`is no ${this.type}`, text);
    else this.check(value, text);
    return value;
  }

  private readDefault(): VariableTypes[K] | undefined {
    const value = this.props.default;
    if (value === undefined) {
      this.reportMissing();
      return undefined;
    }
    const text = Array.isArray(value) ? JSON.stringify(value) : String(value);
    const right = this.type === 'list' ? Array.isArray(value) : typeof value === this.type;
    if (right) this.check(value, text);
    else this.reportInvalid(`is its default and no ${this.type}`, text);
    if (this.props.sensitive) noteSensitiveDefault(this.node.root, this.name, text);
    return value;
  }

  private check(value: VariableTypes[K], text: string): void {
    const { allowed, validate } = this.props;
    if (allowed && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))) {
      const list = this.props.sensitive ? '' : `; allowed are: ${allowed.map(String).join(', ')}`;
      this.reportInvalid(`is not allowed${list}`, text);
    }
    const complaint = validate?.(value);
    if (complaint !== undefined) this.reportInvalid(`is refused: ${complaint}`, text);
  }

  private reportMissing(): void {
    const about = this.props.description ? ` (${this.props.description})` : '';
    addProblem(
      this,
      'MISSING_VARIABLE',
      `the variable \`${this.name}\`${about} has no value and no default`,
      `give one: --var ${this.name}=…, a --var-file, or GOLDSMITH_VAR_${this.name}`,
    );
  }

  private reportInvalid(complaint: string, given: string): void {
    const shown = this.props.sensitive ? 'the given value' : `\`${given}\``;
    addProblem(this, 'INVALID_VARIABLE', `the variable \`${this.name}\`: ${shown} ${complaint}`);
  }
}

/** What stands in for a value that is missing, so that the program runs on and every problem is found. */
const EMPTY: VariableTypes = { string: '', number: 0, boolean: false, list: [] };

function parse(given: string, type: keyof VariableTypes): VariableTypes[keyof VariableTypes] | undefined {
  switch (type) {
    case 'string':
      return given;
    case 'number':
      return given.trim() !== '' && Number.isFinite(Number(given)) ? Number(given) : undefined;
    case 'boolean':
      return given === 'true' || given === '1' ? true : given === 'false' || given === '0' ? false : undefined;
    case 'list':
      return parseList(given);
  }
}

function parseList(given: string): readonly string[] | undefined {
  if (!given.trim().startsWith('[')) return given === '' ? [] : given.split(',').map((item) => item.trim());
  try {
    const value: unknown = JSON.parse(given);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
