import type { Arg, Block, Expr, Part, Stmt } from './ast';
import { Expressions, exprStmt } from './expressions';

/** Reads the PowerShell of this product's scripts and of usual ones; what it does not know, it refuses. */
export class Parser extends Expressions {
  /** A whole script. */
  script(): Block {
    const block = this.block(() => this.at >= this.src.length);
    if (this.at < this.src.length) this.fail();
    return block;
  }

  protected block(over: () => boolean): Block {
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

  protected statements(over: () => boolean): Stmt[] {
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

  protected statement(): Stmt {
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

  protected another(src: string): Parser {
    return new Parser(src);
  }
}
