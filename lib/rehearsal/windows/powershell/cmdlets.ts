import * as fs from 'node:fs';
import type { Host } from './host';
import { envName } from './host';
import { translated } from './net';
import type { Session } from './session';
import type { ScriptBlock } from './values';
import { PsError, listOf, text, truth } from './values';
import { Scope } from './scope';

/** A call of a cmdlet. */
export interface Call {
  readonly args: readonly unknown[];
  readonly options: ReadonlyMap<string, unknown>;
  readonly input: readonly unknown[];
  readonly scope: Scope;
  readonly session: Session;
  emit(value: unknown): void;
}

type Cmdlet = (call: Call) => void | Promise<void>;

const ALIASES: Readonly<Record<string, string>> = {
  echo: 'write-output',
  write: 'write-output',
  '%': 'foreach-object',
  foreach: 'foreach-object',
  '?': 'where-object',
  where: 'where-object',
  rm: 'remove-item',
  del: 'remove-item',
  cat: 'get-content',
  type: 'get-content',
  mkdir: 'new-item',
  sleep: 'start-sleep',
  iex: 'invoke-expression',
  'get-wmiobject': 'get-ciminstance',
};

/** A cmdlet by its name or alias. */
export function cmdletOf(name: string): Cmdlet | undefined {
  const key = name.toLowerCase();
  const found = ALIASES[key] ?? key;
  return Object.hasOwn(CMDLETS, found) ? CMDLETS[found] : undefined;
}

const hostOf = ({ session }: Call): Host => session.host;
const pathOf = (call: Call): string =>
  text(call.options.get('path') ?? call.options.get('literalpath') ?? call.args[0]);
const fileOf = (call: Call): string => hostOf(call).path(pathOf(call));

const CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'write-output': ({ args, input, emit }) => [...args, ...input].flatMap(listOf).forEach(emit),
  'write-host': (call) => hostOf(call).streams.stdout(`${call.args.map(text).join(' ')}\r\n`),
  'write-error': (call) => {
    const error = new PsError(text(call.options.get('message') ?? call.args[0] ?? call.input[0]));
    call.session.fail(error, call.scope);
  },
  'write-warning': (call) => call.session.clixml('warning', text(call.args[0])),
  'write-verbose': () => undefined,
  'out-null': () => undefined,
  'out-string': ({ input, emit }) =>
    emit(input.map((value) => `${value instanceof PsError ? value.record() : text(value)}\r\n`).join('')),
  'out-file': (call) => fs.writeFileSync(fileOf(call), call.input.map((value) => `${text(value)}\r\n`).join('')),
  'foreach-object': async ({ args, input, session, scope, emit }) => {
    for (const value of input) {
      const inner = new Scope(scope);
      inner.set('_', value);
      await session.runBlock(args[0] as ScriptBlock, inner, emit);
    }
  },
  'where-object': async ({ args, input, session, scope, emit }) => {
    for (const value of input) {
      const inner = new Scope(scope);
      inner.set('_', value);
      const found: unknown[] = [];
      await session.runBlock(args[0] as ScriptBlock, inner, (one) => void found.push(one));
      if (truth(found)) emit(value);
    }
  },
  'select-object': ({ input, options, emit }) =>
    input.slice(0, Number(options.get('first') ?? input.length)).forEach(emit),
  'new-object': async (call) => {
    const com = call.options.get('comobject');
    if (com !== undefined) return call.emit(hostOf(call).com(text(com)));
    const [name, ...rest] = [call.options.get('typename') ?? call.args[0], ...call.args.slice(1)];
    const given = call.options.get('argumentlist') ?? rest[0];
    call.emit(await call.session.make(text(name), given === undefined ? [] : listOf(given)));
  },
  'get-ciminstance': (call) => call.emit(hostOf(call).cim(text(call.args[0] ?? call.options.get('classname')))),
  'test-path': (call) => {
    const path = pathOf(call);
    if (/^(HKLM|HKCU|Registry):/i.test(path)) call.emit(hostOf(call).hasKey(path));
    else if (/^env:/i.test(path))
      call.emit(hostOf(call).env.has(envName(hostOf(call), path.slice(4).replace(/^\\/, ''))));
    else call.emit(fs.existsSync(hostOf(call).path(path)));
  },
  'remove-item': (call) => {
    const recursive = call.options.get('recurse') === true;
    for (const one of listOf(call.options.get('path') ?? call.options.get('literalpath') ?? call.args[0])) {
      const file = hostOf(call).path(text(one));
      if (fs.existsSync(file)) translated(() => fs.rmSync(file, { recursive }));
      else if (text(call.options.get('erroraction')).toLowerCase() !== 'silentlycontinue')
        call.session.fail(new PsError(`Cannot find path '${text(one)}' because it does not exist.`), call.scope);
    }
  },
  'new-item': (call) => {
    if (/^file$/i.test(text(call.options.get('itemtype'))))
      fs.writeFileSync(fileOf(call), text(call.options.get('value')));
    else translated(() => fs.mkdirSync(fileOf(call), { recursive: true }));
  },
  'get-content': (call) => {
    const all = translated(() => fs.readFileSync(fileOf(call), 'utf8').replace(/^\ufeff/, ''));
    if (call.options.get('raw') === true) call.emit(all);
    else
      all
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
        .forEach(call.emit);
  },
  'set-content': (call) => {
    const value = listOf(call.options.get('value') ?? call.args[1] ?? [...call.input]);
    translated(() => fs.writeFileSync(fileOf(call), value.map((one) => `${text(one)}\r\n`).join('')));
  },
  'add-content': (call) => {
    const value = listOf(call.options.get('value') ?? call.args[1] ?? [...call.input]);
    translated(() => fs.appendFileSync(fileOf(call), value.map((one) => `${text(one)}\r\n`).join('')));
  },
  'start-sleep': async (call) => {
    const given = call.options.get('milliseconds');
    const ms = given === undefined ? Number(call.options.get('seconds') ?? call.args[0]) * 1000 : Number(given);
    await call.session.sleep(ms);
  },
  'invoke-expression': async ({ args, input, session, scope, emit }) =>
    session.runText(text(args[0] ?? input[0]), scope, emit),
  'set-psdebug': ({ options, session }) => void (session.trace = Number(options.get('trace') ?? 0)),
  'set-executionpolicy': () => undefined,
  'set-strictmode': () => undefined,
};
