import * as fs from 'node:fs';
import type { Arg, Block, Expr, Part, Stmt } from './ast';
import { cmdletOf } from './cmdlets';
import { envName } from './host';
import { binary, invoke, member, type Caller } from './operators';
import { SessionBase } from './session-base';
import { Parser } from './parse';
import { Scope } from './scope';
import { Hash, keyOf, Leave, listOf, oneOf, PsError, ScriptBlock, text, truth } from './values';

type Emit = (value: unknown) => void;

/** One PowerShell. */
export class Session extends SessionBase {
  /** Runs a program's text, as `-EncodedCommand` does; answers the exit code. */
  async main(script: string): Promise<number> {
    const emit = (value: unknown): void => this.show(value);
    try {
      const block = new Parser(script).script();
      const scope = new Scope(this.globals);
      if (block.process) {
        await this.statements(block.begin, scope, emit);
        for await (const line of this.lines()) {
          scope.set('_', line);
          await this.returning(() => this.statements(block.process!, scope, emit));
        }
      } else if (/\$input\b/i.test(script)) {
        const lines: string[] = [];
        for await (const line of this.lines()) lines.push(line);
        scope.set('input', lines);
      }
      await this.statements(block.end, scope, emit);
      return this.ended(this.succeeded ? 0 : 1);
    } catch (error) {
      if (error instanceof Leave) return this.ended(error.how === 'exit' ? Number(error.value ?? 0) : 0);
      this.host.signal.throwIfAborted();
      this.clixml('Error', PsError.of(error).record());
      return this.ended(1);
    }
  }

  /** A script file, as `& file` runs it. */
  async file(path: string, args: readonly unknown[], scope: Scope, emit: Emit): Promise<void> {
    const script = fs.readFileSync(this.host.path(path), 'utf8').replace(/^\ufeff/, '');
    const own = new Scope(scope);
    own.set('PSScriptRoot', path.replace(/[\\/][^\\/]*$/, ''));
    own.set('args', [...args]);
    try {
      await this.returning(() => this.runText(script, own, emit));
    } catch (error) {
      if (!(error instanceof Leave) || error.how !== 'exit') throw error;
      this.globals.set('LASTEXITCODE', Number(error.value ?? 0));
    }
  }

  async runText(script: string, scope: Scope, emit: Emit): Promise<void> {
    const block = new Parser(script).script();
    await this.statements([...block.begin, ...block.end], scope, emit);
  }

  async runBlock({ block }: ScriptBlock, scope: Scope, emit: Emit): Promise<void> {
    await this.statements([...block.begin, ...(block.process ?? []), ...block.end], scope, emit);
  }

  private async returning(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Leave) || error.how !== 'return') throw error;
    }
  }

  private async statements(body: readonly Stmt[], scope: Scope, emit: Emit): Promise<void> {
    for (const one of body) await this.statement(one, scope, emit);
  }

  private async statement(stmt: Stmt, scope: Scope, emit: Emit): Promise<void> {
    this.host.signal.throwIfAborted();
    switch (stmt.k) {
      case 'pipeline':
        return this.pipeline(stmt.parts, scope, emit);
      case 'if':
        for (const [test, body] of stmt.clauses)
          if (truth(await this.value(test, scope))) return this.statements(body, scope, emit);
        return this.statements(stmt.otherwise, scope, emit);
      case 'loop':
        if (stmt.first) await this.value(stmt.first, scope);
        for (
          let round = 0;
          (stmt.after && round === 0) || !stmt.test || truth(await this.value(stmt.test, scope));
          round += 1
        ) {
          if (!(await this.round(stmt.body, scope, emit))) return;
          if (stmt.step) await this.value(stmt.step, scope);
        }
        return;
      case 'foreach':
        for (const item of listOf(await this.value(stmt.list, scope))) {
          scope.set(stmt.name, item);
          if (!(await this.round(stmt.body, scope, emit))) return;
        }
        return;
      case 'try':
        return this.attempt(stmt, scope, emit);
      case 'function':
        return scope.define(stmt.name, stmt.block);
      case 'leave': {
        const value = stmt.value ? await this.value(stmt.value, scope) : undefined;
        if (stmt.how === 'throw') throw value instanceof PsError ? value : new PsError(text(value ?? scope.get('_')));
        if (stmt.how === 'return' && value !== undefined) emit(value);
        throw new Leave(stmt.how as 'exit', value);
      }
    }
  }

  /** One round of a loop; false where it was the last. */
  private async round(body: readonly Stmt[], scope: Scope, emit: Emit): Promise<boolean> {
    try {
      await this.statements(body, scope, emit);
      return true;
    } catch (error) {
      if (error instanceof Leave && error.how === 'continue') return true;
      if (error instanceof Leave && error.how === 'break') return false;
      throw error;
    }
  }

  private async attempt(stmt: Stmt & { k: 'try' }, scope: Scope, emit: Emit): Promise<void> {
    try {
      await this.statements(stmt.body, scope, emit);
    } catch (error) {
      this.host.signal.throwIfAborted();
      if (!stmt.handler || error instanceof Leave) throw error;
      scope.set('_', PsError.of(error));
      await this.statements(stmt.handler, scope, emit);
    } finally {
      if (!this.host.signal.aborted) await this.statements(stmt.last, scope, emit);
    }
  }

  private async value(stmt: Stmt, scope: Scope): Promise<unknown> {
    const found: unknown[] = [];
    await this.statement(stmt, scope, (one) => void found.push(one));
    return oneOf(found);
  }

  private async pipeline(parts: readonly Part[], scope: Scope, emit: Emit): Promise<void> {
    let input: unknown[] = [];
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      const output: unknown[] = [];
      const take: Emit = last ? emit : (value) => void output.push(value);
      if (part.k === 'expr') {
        const value = await this.expr(part.value, scope);
        this.succeeded = true;
        if (!quietly(part.value) && value !== undefined && value !== null) listOf(value).forEach(take);
      } else await this.command(part, input, scope, take, last);
      input = output;
    }
  }

  private async command(
    part: Part & { k: 'command' },
    input: readonly unknown[],
    scope: Scope,
    emit: Emit,
    last: boolean,
  ): Promise<void> {
    const target = await this.expr(part.name, scope);
    const { args, options } = await this.args(part.args, scope);
    this.succeeded = true;
    if (target instanceof ScriptBlock)
      return this.returning(() => this.runBlock(target, part.how === '.' ? scope : new Scope(scope), emit));
    const name = text(target);
    const own = scope.find(name);
    if (own) return this.callFunction(own, args, options, input, scope, emit);
    const cmdlet = cmdletOf(name);
    if (cmdlet) return cmdlet({ args, options, input, scope, session: this, emit });
    if (/\.ps1$/i.test(name)) return this.file(name, args, scope, emit);
    const words = part.args.length === 0 ? [] : await this.words(part.args, scope);
    await this.native(name, words, input, last && !part.quiet ? undefined : part.quiet ? () => undefined : emit);
  }

  /** A program; its output goes straight out where nobody takes it. */
  private async native(name: string, words: readonly string[], input: readonly unknown[], take?: Emit): Promise<void> {
    const { streams } = this.host;
    let printed = '';
    const stdin = (async function* () {
      if (input.length > 0) yield Buffer.from(input.map((one) => `${text(one)}\r\n`).join(''));
    })();
    const code = await this.host.program(name, words, {
      stdin,
      stdout: take ? (data) => void (printed += data.toString()) : (data) => streams.stdout(data),
      stderr: (data) => streams.stderr(data),
    });
    if (take && printed !== '')
      printed
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
        .forEach(take);
    this.globals.set('LASTEXITCODE', code);
    this.succeeded = code === 0;
  }

  private async callFunction(
    block: Block,
    args: readonly unknown[],
    options: ReadonlyMap<string, unknown>,
    input: readonly unknown[],
    scope: Scope,
    emit: Emit,
  ): Promise<void> {
    const own = new Scope(scope);
    const left = [...args];
    for (const { name, value } of block.params) {
      const given = options.has(name.toLowerCase()) ? options.get(name.toLowerCase()) : left.shift();
      own.set(name, given === undefined && value ? await this.expr(value, own) : given);
    }
    own.set('args', left);
    own.set('input', input);
    await this.returning(() => this.runBlock(new ScriptBlock(block, own), own, emit));
  }

  private async args(given: readonly Arg[], scope: Scope) {
    const args: unknown[] = [];
    const options = new Map<string, unknown>();
    for (const [index, arg] of given.entries()) {
      const before = given[index - 1];
      if ('name' in arg) options.set(arg.name.toLowerCase(), arg.value ? await this.expr(arg.value, scope) : true);
      else if (before && 'name' in before && !before.value && !SWITCHES.test(before.name))
        options.set(before.name.toLowerCase(), await this.expr(arg.value, scope));
      else args.push(await this.expr(arg.value, scope));
    }
    return { args, options };
  }

  private async words(given: readonly Arg[], scope: Scope): Promise<string[]> {
    const words: string[] = [];
    for (const arg of given) {
      if ('name' in arg) words.push(`-${arg.name}`);
      if (arg.value) words.push(...listOf(await this.expr(arg.value, scope)).map(text));
    }
    return words;
  }

  private readonly caller: Caller = {
    run: async (block, args) => {
      const found: unknown[] = [];
      const scope = new Scope(block.scope ?? this.globals);
      scope.set('args', [...args]);
      await this.runBlock(block, scope, (one) => void found.push(one));
      return oneOf(found);
    },
  };

  private async expr(expr: Expr, scope: Scope): Promise<unknown> {
    switch (expr.k) {
      case 'value':
        return expr.value;
      case 'text': {
        let all = '';
        for (const part of expr.parts) all += typeof part === 'string' ? part : text(await this.expr(part, scope));
        return all;
      }
      case 'variable':
        return this.variable(expr.name, scope);
      case 'array': {
        const items: unknown[] = [];
        for (const item of expr.items) items.push(await this.expr(item, scope));
        return items;
      }
      case 'statements': {
        const found: unknown[] = [];
        for (const stmt of expr.body) await this.statement(stmt, scope, (one) => void found.push(one));
        if (expr.list) return found;
        // In round brackets an assignment has a value.
        const only = expr.body.length === 1 && expr.body[0]!.k === 'pipeline' ? expr.body[0]!.parts[0]! : undefined;
        if (found.length === 0 && only?.k === 'expr' && only.value.k === 'set')
          return this.expr(only.value.target, scope);
        return oneOf(found);
      }
      case 'hash': {
        const hash = new Hash();
        for (const [key, value] of expr.entries)
          hash.write(await this.expr(key, scope), await this.value(value, scope));
        return hash;
      }
      case 'block':
        return new ScriptBlock(expr.block, scope);
      case 'type':
        return this.type(expr.name);
      case 'cast': {
        const value = await this.expr(expr.value, scope);
        const { cast } = this.type(expr.type);
        return cast ? cast(value) : value;
      }
      case 'unary': {
        const value = await this.expr(expr.value, scope);
        if (expr.op === '!' || expr.op === '-not') return !truth(value);
        if (expr.op === '-join') return listOf(value).map(text).join('');
        return expr.op === '-' ? -Number(value) : Number(value);
      }
      case 'binary':
        return binary(expr.op, await this.expr(expr.left, scope), () => this.expr(expr.right, scope), scope);
      case 'member': {
        const of = await this.expr(expr.of, scope);
        return member(
          expr.isStatic ? (of as { statics: object }).statics : of,
          text(await this.expr(expr.name, scope)),
        );
      }
      case 'call': {
        const of = await this.expr(expr.of, scope);
        const args: unknown[] = [];
        for (const arg of expr.args) args.push(await this.expr(arg, scope));
        const name = text(await this.expr(expr.name, scope));
        return invoke(expr.isStatic ? (of as { statics: object }).statics : of, name, args, this.caller);
      }
      case 'index': {
        const of = await this.expr(expr.of, scope);
        const at = await this.expr(expr.at, scope);
        if (of instanceof Hash) return of.read(at);
        const value = (of as ArrayLike<unknown>)[Number(at) < 0 ? (of as string).length + Number(at) : Number(at)];
        return value ?? null;
      }
      case 'step': {
        const before = Number(await this.expr(expr.of, scope)) || 0;
        await this.assign(expr.of, before + expr.by, scope);
        return before;
      }
      case 'set': {
        const value = await this.value(expr.value, scope);
        const result =
          expr.op === '='
            ? value
            : binary(expr.op[0]!, await this.expr(expr.target, scope), () => Promise.resolve(value), scope);
        await this.assign(expr.target, await result, scope);
        return undefined;
      }
    }
  }

  private variable(name: string, scope: Scope): unknown {
    if (/^env:/i.test(name)) return this.host.env.get(envName(this.host, name.slice(4))) ?? null;
    if (name === '?') return this.succeeded;
    return scope.get(name.replace(/^(global|script|local):/i, '')) ?? null;
  }

  private async assign(target: Expr, value: unknown, scope: Scope): Promise<void> {
    if (target.k === 'cast') return this.assign(target.value, this.type(target.type).cast?.(value) ?? value, scope);
    if (target.k === 'variable') {
      if (/^env:/i.test(target.name)) this.host.env.set(envName(this.host, target.name.slice(4)), text(value));
      else if (/^(global:)?lastexitcode$/i.test(target.name)) this.globals.set('LASTEXITCODE', value);
      else scope.set(target.name, value);
      return;
    }
    if (target.k === 'index') {
      const of = await this.expr(target.of, scope);
      const at = await this.expr(target.at, scope);
      if (of instanceof Hash) of.write(at, value);
      else (of as unknown[])[Number(at)] = value;
      return;
    }
    if (target.k !== 'member') throw new PsError('The assignment expression is not valid.');
    const of = (await this.expr(target.of, scope)) as object;
    const name = text(await this.expr(target.name, scope));
    if (of instanceof Hash) of.write(name, value);
    else Reflect.set(of, keyOf(of, name) ?? name, value);
  }
}

/** Options that take no value. */
const SWITCHES = /^(force|recurse|raw|off|passthru|nonewline)$/i;

/** What has no value of its own. */
function quietly(expr: Expr): boolean {
  return expr.k === 'set' || expr.k === 'step';
}
