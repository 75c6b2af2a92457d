import type { Arg, Block, Expr, Part, Stmt } from './ast';
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

/** Reads the PowerShell of this product's scripts and of usual ones; what it does not know, it refuses. */
export class Parser extends Cursor {
  /** A whole script. */
  script(): Block {
    const block = this.block(() => this.at >= this.src.length);
    if (this.at < this.src.length) this.fail();
    return block;
  }

  private block(over: () => boolean): Block {
    const from = this.at;
    const params: { name: string; value?: Expr }[] = [];
    this.gap();
    if (this.word('param')) {
      this.gap();
      params.push(...this.params());
    }
    const named: { begin: Stmt[]; process: Stmt[] | undefined; end: Stmt[] } = {
      begin: [],
      process: undefined,
      end: [],
    };
    for (;;) {
      this.gap();
      const [, name] = this.match(/(begin|process|end)(?=\s*\{)/iy) ?? [];
      if (name === undefined) break;
      this.gap();
      named[name.toLowerCase() as 'begin'] = this.braces();
    }
    this.gap();
    const rest = over() ? [] : this.statements(over);
    const text = this.src.slice(from, this.at);
    return { text, params, begin: named.begin, process: named.process, end: [...named.end, ...rest] };
  }

  private params(): { name: string; value?: Expr }[] {
    const params: { name: string; value?: Expr }[] = [];
    this.need('(');
    for (;;) {
      this.gap();
      if (this.take(')')) return params;
      while (this.match(/\[[\w.[\]]+(\([^)]*\))?\]/y)) this.gap();
      const [, name = ''] = this.match(/\$(\w+)/y) ?? this.fail();
      this.space();
      params.push(this.take('=') ? { name, value: (this.gap(), this.single()) } : { name });
      this.gap();
      this.take(',');
    }
  }

  private statements(over: () => boolean): Stmt[] {
    const all: Stmt[] = [];
    for (;;) {
      this.gap();
      if (over()) return all;
      all.push(this.statement());
      this.space();
      if (!over() && !/[;\n\r#]/.test(this.src[this.at] ?? ';')) this.fail();
    }
  }

  private braces(): Stmt[] {
    this.gap();
    this.need('{');
    const body = this.statements(() => this.src[this.at] === '}');
    this.need('}');
    return body;
  }

  private round(): Stmt {
    this.gap();
    this.need('(');
    this.gap();
    const inner = this.statement();
    this.gap();
    this.need(')');
    return inner;
  }

  private statement(): Stmt {
    const [, keyword] =
      this.match(/(if|while|for|foreach|do|try|throw|return|exit|break|continue|function|filter)(?![\w-])/iy) ?? [];
    switch (keyword?.toLowerCase()) {
      case 'if':
        return this.conditional();
      case 'while':
        return { k: 'loop', test: this.round(), body: this.braces(), after: false };
      case 'do': {
        const body = this.braces();
        this.gap();
        const until = this.word('until');
        if (!until && !this.word('while')) this.fail();
        const test = this.round();
        const negated: Stmt = exprStmt({
          k: 'unary',
          op: '-not',
          value: { k: 'statements', body: [test], list: false },
        });
        return { k: 'loop', test: until ? negated : test, body, after: true };
      }
      case 'for':
        return this.counted();
      case 'foreach':
        return this.each();
      case 'try':
        return this.attempt();
      case 'function':
      case 'filter':
        return this.named();
      case undefined:
        return this.pipeline();
      default: {
        this.space();
        const ends = /[;}\n\r)]|$/y;
        ends.lastIndex = this.at;
        return { k: 'leave', how: keyword!.toLowerCase(), ...(!ends.test(this.src) && { value: this.statement() }) };
      }
    }
  }

  private conditional(): Stmt {
    const clauses: [Stmt, Stmt[]][] = [[this.round(), this.braces()]];
    for (;;) {
      const back = this.at;
      this.gap();
      if (this.word('elseif')) clauses.push([this.round(), this.braces()]);
      else if (this.word('else')) return { k: 'if', clauses, otherwise: this.braces() };
      else {
        this.at = back;
        return { k: 'if', clauses, otherwise: [] };
      }
    }
  }

  private counted(): Stmt {
    this.gap();
    this.need('(');
    const part = (end: string): Stmt | undefined => {
      this.gap();
      const found = this.src[this.at] === end ? undefined : this.statement();
      this.gap(false);
      this.need(end);
      return found;
    };
    const [first, test, step] = [part(';'), part(';'), part(')')];
    return { k: 'loop', first, test, step, body: this.braces(), after: false };
  }

  private each(): Stmt {
    this.gap();
    this.need('(');
    const [, name = ''] = (this.gap(), this.match(/\$(\w+)/y)) ?? this.fail();
    this.gap();
    if (!this.word('in')) this.fail();
    this.gap();
    const list = this.statement();
    this.gap();
    this.need(')');
    return { k: 'foreach', name, list, body: this.braces() };
  }

  private attempt(): Stmt {
    const body = this.braces();
    let handler: Stmt[] | undefined;
    let back = this.at;
    this.gap();
    if (this.word('catch')) {
      this.gap();
      while (this.match(/\[[\w.]+\]\s*,?\s*/y));
      handler = this.braces();
      back = this.at;
      this.gap();
    }
    if (this.word('finally')) return { k: 'try', body, handler, last: this.braces() };
    this.at = back;
    return { k: 'try', body, handler, last: [] };
  }

  private named(): Stmt {
    this.gap();
    const [name] = this.match(/[\w:-]+/y) ?? this.fail();
    this.gap();
    const params = this.src[this.at] === '(' ? this.params() : [];
    this.gap();
    this.need('{');
    const block = this.block(() => this.src[this.at] === '}');
    this.need('}');
    return { k: 'function', name, block: { ...block, params: [...params, ...block.params] } };
  }

  private pipeline(): Stmt {
    const parts: Part[] = [];
    do {
      this.gap();
      parts.push(this.part());
      this.space();
    } while (this.match(/\|(?!\|)/y));
    return { k: 'pipeline', parts };
  }

  private part(): Part {
    const [how] = this.match(/&(?!&)|\.(?=\s)/y) ?? [''];
    if (how === '' && /["'$([{@\d!,+-]/.test(this.src[this.at] ?? '')) return { k: 'expr', value: this.assignment() };
    this.space();
    const name = how !== '' && /["'$({]/.test(this.src[this.at]!) ? this.postfix() : (this.bare() ?? this.fail());
    return this.command(how as '', name);
  }

  private command(how: '' | '&' | '.', name: Expr): Part {
    const args: Arg[] = [];
    let quiet = false;
    for (;;) {
      this.space();
      if (this.match(/([*\d])?>(&\d|>?\s*(\$null|nul)\b)/iy)) {
        quiet = true;
        continue;
      }
      const here = this.src[this.at];
      if (here === undefined || /[;|\n\r})]/.test(here)) return { k: 'command', how, name, args, quiet };
      const [, option] = this.match(/-([A-Za-z]\w*)(?=[\s:;|)}]|$)/y) ?? [];
      if (option === undefined) args.push({ value: this.list() });
      else if (this.take(':')) args.push({ name: option, value: this.list() });
      else args.push({ name: option });
    }
  }

  /** An argument; several with commas between them are an array. */
  private list(): Expr {
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

  private bare(): Expr | undefined {
    const [text] = this.match(/(?:`.|[^\s;|(){}"',&<>])+/y) ?? [];
    if (text === undefined) return undefined;
    if (/^-?\d+$/.test(text)) return { k: 'value', value: Number(text) };
    return text.includes('$') ? new Parser(`"${text}"`).primary() : { k: 'value', value: text.replace(/`(.)/g, '$1') };
  }

  private assignment(): Expr {
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

  private single(): Expr {
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

  private postfix(): Expr {
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
    if (expandable !== undefined) return new Parser(expandable).parts(undefined);
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
}

function exprStmt(value: Expr): Stmt {
  return { k: 'pipeline', parts: [{ k: 'expr', value }] };
}
