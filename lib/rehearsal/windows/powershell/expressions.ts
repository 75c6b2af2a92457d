import type { Block, Expr, Stmt } from './ast';
import { Cursor } from './cursor';

const COMPARE =
  /-[ci]?(eq|ne|gt|ge|lt|le|like|notlike|match|notmatch|replace|contains|notcontains|in|notin|split|join|isnot|is|as)\b/iy;
const LEVELS: readonly RegExp[] = [
  /-(and|or|xor)\b/iy,
  /-(band|bor|bxor)\b/iy,
  COMPARE,
  /[+](?![+=])|-(?![-=a-z])/iy,
  /[*/%](?!=)/y,
  /-f\b/iy,
  /\.\./y,
];
/** Typographic quotes are quotes, too. */
const SINGLE =
  /['\u2018\u2019\u201a\u201b]((?:['\u2018\u2019\u201a\u201b]{2}|[^'\u2018\u2019\u201a\u201b])*)['\u2018\u2019\u201a\u201b]/y;
const PAIR = /(['\u2018\u2019\u201a\u201b])['\u2018\u2019\u201a\u201b]/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0', e: '\x1b', b: '\b' };

/** Reads the expressions of PowerShell. */
export abstract class Expressions extends Cursor {
  /** An argument; several with commas between them are an array. */
  protected list(): Expr {
    const items = [this.argument()];
    for (;;) {
      const back = this.at;
      this.space();
      if (!this.take(',')) {
        this.at = back;
        return items.length === 1 ? items[0]! : { k: 'array', items };
      }
      this.gap();
      items.push(this.argument());
    }
  }

  private argument(): Expr {
    if (/["'$({@]/.test(this.src[this.at]!)) return this.postfix();
    return this.bare() ?? this.fail();
  }

  protected bare(): Expr | undefined {
    const [text] = this.match(/(?:`.|[^\s;|(){}"',&<>])+/y) ?? [];
    if (text === undefined) return undefined;
    if (/^-?\d+$/.test(text)) return { k: 'value', value: Number(text) };
    return text.includes('$')
      ? this.another(`"${text}"`).primary()
      : { k: 'value', value: text.replace(/`(.)/g, '$1') };
  }

  protected assignment(): Expr {
    const target = this.expression();
    this.space();
    const [op] = this.match(/[+*/%-]?=/y) ?? [];
    if (op === undefined) return target;
    this.gap();
    return { k: 'set', target, op, value: this.statement() };
  }

  private expression(level = 0, leaf = (): Expr => this.commas()): Expr {
    const pattern = LEVELS[level];
    if (!pattern) return leaf();
    let left = this.expression(level + 1, leaf);
    for (;;) {
      const back = this.at;
      this.space();
      const [op] = this.match(pattern) ?? [];
      if (op === undefined) {
        this.at = back;
        return left;
      }
      this.gap();
      left = { k: 'binary', op: op.toLowerCase(), left, right: this.expression(level + 1, leaf) };
    }
  }

  private commas(): Expr {
    if (this.take(',')) return { k: 'array', items: [this.single()] };
    const items = [this.single()];
    for (;;) {
      const back = this.at;
      this.space();
      if (!this.take(',')) {
        this.at = back;
        return items.length === 1 ? items[0]! : { k: 'array', items };
      }
      this.gap();
      items.push(this.single());
    }
  }

  protected single(): Expr {
    this.space();
    const [op] = this.match(/!|-(not|join|split)\b|[+-](?=[\s$(\d])/iy) ?? [];
    if (op !== undefined) return { k: 'unary', op: op.toLowerCase(), value: (this.space(), this.single()) };
    const [, type] = this.match(/\[([\w.]+(?:\[\])?)\](?!::)/y) ?? [];
    if (type !== undefined) {
      this.space();
      if (/["'$([@{\d-]/.test(this.src[this.at] ?? '')) return { k: 'cast', type, value: this.single() };
      return { k: 'type', name: type };
    }
    return this.postfix();
  }

  protected postfix(): Expr {
    let value = this.primary();
    for (;;) {
      const [sign] = this.match(/::|\.(?=[\w$"'(])|\[|\+\+|--/y) ?? [];
      if (sign === undefined) return value;
      if (sign === '++' || sign === '--') value = { k: 'step', of: value, by: sign === '++' ? 1 : -1 };
      else if (sign === '[') {
        const at = (this.gap(), this.expression());
        this.gap();
        this.need(']');
        value = { k: 'index', of: value, at };
      } else value = this.member(value, sign === '::');
    }
  }

  private member(of: Expr, isStatic: boolean): Expr {
    const [word] = this.match(/\w+/y) ?? [];
    const name: Expr = word === undefined ? this.primary() : { k: 'value', value: word };
    if (!this.take('(')) return { k: 'member', of, name, isStatic };
    const args: Expr[] = [];
    for (;;) {
      this.gap();
      if (this.take(')')) return { k: 'call', of, name, args, isStatic };
      // Commas part arguments here.
      args.push(this.expression(0, () => this.single()));
      this.gap();
      this.take(',');
    }
  }

  private primary(): Expr {
    const [, literal] = this.match(/@'\r?\n([\s\S]*?)\r?\n'@/y) ?? [];
    if (literal !== undefined) return { k: 'value', value: literal };
    const [, expandable] = this.match(/@"\r?\n([\s\S]*?)\r?\n"@/y) ?? [];
    if (expandable !== undefined) return this.another(expandable).parts(undefined);
    const [, single] = this.match(SINGLE) ?? [];
    if (single !== undefined) return { k: 'value', value: single.replace(PAIR, '$1') };
    if (this.take('"')) return this.parts('"');
    const variable = this.variable();
    if (variable) return variable;
    const [, type] = this.match(/\[([\w.]+(?:\[\])?)\]/y) ?? [];
    if (type !== undefined) return { k: 'type', name: type };
    const [number] = this.match(/0x[0-9a-f]+|\d+(\.\d+)?/iy) ?? [];
    if (number !== undefined) {
      const [, unit] = this.match(/([kmg])b\b/iy) ?? [];
      const times = unit === undefined ? 1 : 1024 ** ('kmg'.indexOf(unit.toLowerCase()) + 1);
      return { k: 'value', value: Number(number) * times };
    }
    if (this.take('@(')) return { k: 'statements', body: this.inner(')'), list: true };
    if (this.take('$(')) return { k: 'statements', body: this.inner(')'), list: false };
    if (this.take('(')) return { k: 'statements', body: this.inner(')'), list: false };
    if (this.match(/@\{/y)) return this.hash();
    if (this.take('{')) {
      const block = this.block(() => this.src[this.at] === '}');
      this.need('}');
      return { k: 'block', block };
    }
    return this.fail();
  }

  private inner(close: string): Stmt[] {
    const body = this.statements(() => this.src[this.at] === close);
    this.need(close);
    return body;
  }

  private hash(): Expr {
    const entries: [Expr, Stmt][] = [];
    for (;;) {
      this.gap();
      if (this.take('}')) return { k: 'hash', entries };
      const [word] = this.match(/\w+/y) ?? [];
      const key: Expr = word === undefined ? this.primary() : { k: 'value', value: word };
      this.gap();
      this.need('=');
      this.gap();
      entries.push([key, this.statement()]);
    }
  }

  private variable(): Expr | undefined {
    const [, plain, braced] = this.match(/\$(?:((?:\w+:)?\w+|[?_$^])|\{([^}]+)\})/y) ?? [];
    const name = plain ?? braced;
    return name === undefined ? undefined : { k: 'variable', name };
  }

  /** The parts of a text in double quotes. */
  parts(close: string | undefined): Expr {
    const parts: (string | Expr)[] = [];
    for (;;) {
      const here = this.src[this.at];
      if (here === undefined && close === undefined) break;
      if (here === undefined) this.fail();
      if (here === close) {
        this.at += 1;
        if (this.src[this.at] !== close) break;
        this.at += 1;
        parts.push(close!);
      } else if (here === '`') {
        const next = this.src[this.at + 1] ?? '';
        parts.push(ESCAPES[next] ?? next);
        this.at += 2;
      } else if (here === '$') {
        if (this.take('$(')) parts.push({ k: 'statements', body: this.inner(')'), list: false });
        else {
          const variable = this.variable();
          if (!variable) this.at += 1;
          parts.push(variable ?? '$');
        }
      } else parts.push(this.match(close === undefined ? /[^$`]+/y : /[^"$`]+/y)![0]);
    }
    return { k: 'text', parts };
  }

  /** A reader of another text. */
  protected abstract another(src: string): Expressions;
  protected abstract block(over: () => boolean): Block;
  protected abstract statement(): Stmt;
  protected abstract statements(over: () => boolean): Stmt[];
}

/** A statement that is an expression. */
export function exprStmt(value: Expr): Stmt {
  return { k: 'pipeline', parts: [{ k: 'expr', value }] };
}
