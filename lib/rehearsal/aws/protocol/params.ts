import { AwsError } from '../errors';

/** A form's fields as the tree that their dotted names spell: `Filter.1.Name` lies at Filter, 1, Name. */
export interface Tree {
  readonly [name: string]: string | Tree;
}

/** The parameters of a call, or of a structure within them. An empty text counts as not given, as EC2 has it. */
export class Params {
  constructor(
    private readonly tree: Tree,
    private readonly path = '',
  ) {}

  /** Names at this level. */
  names(): readonly string[] {
    return Object.keys(this.tree);
  }

  /** Whether something is given under a name. */
  has(name: string): boolean {
    const value = this.tree[name];
    return value !== undefined && value !== '';
  }

  /** A text. */
  text(name: string): string | undefined {
    const value = this.tree[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** A text that must be there. */
  need(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    throw new AwsError('MissingParameter', `The request must contain the parameter ${this.path}${name}`);
  }

  /** A whole number. */
  whole(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^-?\d+$/.test(value)) return Number(value);
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${value}) for parameter ${this.path}${name} is invalid. Expected: an integer`,
    );
  }

  /** A yes or no. */
  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${value}) for parameter ${this.path}${name} is invalid. Expected: true or false`,
    );
  }

  /** One of some words. */
  oneOf<const T extends string>(name: string, words: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${value}) for parameter ${this.path}${name} is invalid. Valid values: ${words.join(', ')}`,
    );
  }

  /** Texts of a list. */
  list(name: string): readonly string[] {
    return this.children(name).flatMap((value) => (typeof value === 'string' && value !== '' ? [value] : []));
  }

  /** A structure; one without anything where it is not given. */
  struct(name: string): Params {
    const value = this.tree[name];
    return new Params(typeof value === 'object' ? value : {}, `${this.path}${name}.`);
  }

  /** Structures of a list. */
  structs(name: string): readonly Params[] {
    return this.children(name).flatMap((value, index) =>
      typeof value === 'string' ? [] : [new Params(value, `${this.path}${name}.${index + 1}.`)],
    );
  }

  /** These, and of another's what is not given here. */
  over(other: Params): Params {
    return new Params({ ...other.tree, ...this.tree }, this.path);
  }

  /** These, with what lies under one name under another. */
  renamed(from: string, to: string): Params {
    const value = this.tree[from];
    return value === undefined ? this : new Params({ ...this.tree, [to]: value }, this.path);
  }

  /** Everything, in a form that is the same for the same parameters: what a client token stands for. */
  print(without: readonly string[] = []): string {
    const kept = Object.entries(this.tree).filter(([name]) => !without.includes(name));
    return JSON.stringify(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private children(name: string): readonly (string | Tree)[] {
    const value = this.tree[name];
    if (value === undefined || value === '') return [];
    if (typeof value === 'string') {
      throw new AwsError(
        'InvalidParameterValue',
        `The parameter ${this.path}${name} is a list: give ${name}.1, ${name}.2, ...`,
      );
    }
    return Object.entries(value)
      .filter(([index]) => /^\d+$/.test(index))
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, entry]) => entry);
  }
}

/** Reads the form of a call in the query protocol. */
export function readForm(text: string): Params {
  const root: Record<string, string | Tree> = Object.create(null) as Record<string, string | Tree>;
  for (const [name, value] of new URLSearchParams(text)) put(root, name.split('.'), value);
  return new Params(root);
}

function put(root: Record<string, string | Tree>, parts: readonly string[], value: string): void {
  let at = root;
  for (const part of parts.slice(0, -1)) {
    const next = at[part];
    const inner = typeof next === 'object' ? next : (Object.create(null) as Record<string, string | Tree>);
    at[part] = inner;
    at = inner as Record<string, string | Tree>;
  }
  at[parts.at(-1)!] = value;
}
