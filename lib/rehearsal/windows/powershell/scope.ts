import type { Block } from './ast';

/** Variables and functions of a script, a function or a block; it sees those of whoever called it. */
export class Scope {
  private readonly variables = new Map<string, unknown>();
  private readonly functions = new Map<string, Block>();

  constructor(private readonly parent?: Scope) {}

  get(name: string): unknown {
    const key = name.toLowerCase();
    return this.variables.has(key) ? this.variables.get(key) : this.parent?.get(name);
  }

  set(name: string, value: unknown): void {
    const [, place, plain = name] = /^(global|script|local):(.*)$/i.exec(name) ?? [];
    if (place !== undefined && !/local/i.test(place) && this.parent) this.parent.set(name, value);
    else this.variables.set(plain.toLowerCase(), value);
  }

  define(name: string, block: Block): void {
    this.functions.set(name.toLowerCase(), block);
  }

  find(name: string): Block | undefined {
    return this.functions.get(name.toLowerCase()) ?? this.parent?.find(name);
  }
}
