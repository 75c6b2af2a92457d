import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as win from 'node:path/win32';
import { envName, type Host, type Streams } from './powershell/host';
import { Session } from './powershell/session';
import type { WindowsMachine } from './windows';

/** A task of a machine: what its programs need. */
export interface Process {
  readonly machine: WindowsMachine;
  readonly env: Map<string, string>;
  readonly streams: Streams;
  readonly signal: AbortSignal;
}

/** Runs a command line as `cmd /c` does: what cmd.exe itself knows, PowerShell, and else what this machine has. */
export async function runLine(line: string, task: Process): Promise<number> {
  const text = /^"(?:[^"]*"){2,}[^"]*"$/.test(line.trim()) ? line.trim().slice(1, -1) : line.trim();
  let code = 0;
  for (const { join, command } of pieces(text)) {
    if ((join === '&&' && code !== 0) || (join === '||' && code === 0)) continue;
    code = await one(expanded(command, task), task).catch((error: unknown) => {
      if (error instanceof Exit) return Promise.reject(error);
      throw error;
    });
  }
  return code;
}

/** `exit` ends the shell, `exit /b` only a batch file. */
class Exit extends Error {
  constructor(
    readonly code: number,
    readonly batchOnly: boolean,
  ) {
    super(`exit ${code}`);
  }
}

/** Runs a command line, and what `exit` makes of it. */
export async function runShell(line: string, task: Process): Promise<number> {
  try {
    return await runLine(line, task);
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  }
}

function pieces(line: string): { join: string; command: string }[] {
  const found: { join: string; command: string }[] = [];
  let join = '';
  for (const [, command = '', next = ''] of line.matchAll(
    /((?:"[^"]*"?|\^.|[^"&|]|\|(?!\|)|(?<=>)&\d)+)(&&|\|\||&|$)/g,
  )) {
    if (command.trim() !== '') found.push({ join, command: command.trim() });
    join = next;
  }
  return found;
}

function expanded(command: string, { env }: Process): string {
  return command
    .replaceAll('%%', '\0')
    .replace(/%(\w+)%/g, (all, name: string) => env.get(envName({ env }, name)) ?? all)
    .replaceAll('\0', '%');
}

async function one(whole: string, task: Process): Promise<number> {
  // What stands in quotes is for the inner shell.
  if (/^cmd(\.exe)?\s/i.test(whole)) return BUILTINS['cmd']!(whole.replace(/^\S+\s+/, ''), task);
  const { command, streams } = redirected(whole.replace(/^@/, ''), task);
  const inner: Process = { ...task, streams };
  const [, word = '', rest = ''] = /^("[^"]*"|[^\s/]\S*?(?=\/)|\S+)\s*(.*)$/s.exec(command) ?? [];
  const name = word.replaceAll('"', '');
  const base = win.basename(name.toLowerCase()).replace(/\.(exe|com)$/, '');
  const builtin = BUILTINS[base];
  if (builtin) return builtin(rest, inner);
  if (/\.(bat|cmd)$/.test(base)) return batch(name, inner);
  return native(command, inner);
}

/** `>file`, `>>file`, `2>file`, `2>&1`; and the command without them. */
function redirected(command: string, task: Process): { command: string; streams: Streams } {
  let streams = task.streams;
  const left = command.replace(
    /\s*([12]?)(>>?)\s*(&[12]|"[^"]*"|[^\s&|]+)(?=\s|$)/g,
    (_all, which: string, how: string, target: string) => {
      const file = task.machine.path(target.replaceAll('"', ''));
      const name = which === '2' ? 'stderr' : 'stdout';
      const before = streams;
      if (target.startsWith('&')) streams = { ...streams, [name]: target === '&1' ? before.stdout : before.stderr };
      else if (/^nul$/i.test(target)) streams = { ...streams, [name]: () => undefined };
      else {
        if (how === '>') fs.writeFileSync(file, '');
        streams = { ...streams, [name]: (data: string | Buffer) => fs.appendFileSync(file, data) };
      }
      return '';
    },
  );
  return { command: left, streams };
}

const BUILTINS: Readonly<Record<string, (rest: string, task: Process) => number | Promise<number>>> = {
  echo: (rest, { streams }) => {
    if (!/^(off|on)$/i.test(rest)) streams.stdout(`${rest}\r\n`);
    return 0;
  },
  rem: () => 0,
  chcp: () => 0,
  set: (rest, { env }) => {
    const [, name = '', value = ''] = /^"?([^=]+)=(.*?)"?$/s.exec(rest) ?? [];
    env.set(envName({ env }, name), value);
    return 0;
  },
  exit: (rest) => {
    const [, onlyBatch, code = '0'] = /^(\/b)?\s*(-?\d+)?/i.exec(rest) ?? [];
    throw new Exit(Number(code), onlyBatch !== undefined);
  },
  call: (rest, task) => runLine(rest, task),
  type: (rest, { machine, streams }) => {
    streams.stdout(fs.readFileSync(machine.path(rest.replaceAll('"', ''))));
    return 0;
  },
  del: (rest, { machine }) => {
    fs.rmSync(machine.path(rest.replace(/\/\w\s*/g, '').replaceAll('"', '')), { force: true });
    return 0;
  },
  cmd: (rest, task) => runShell(rest.replace(/^(\/[dsq]\s+)*\/c\s*/i, ''), task),
  ping: (rest, task) => task.machine.wait(Number(/-n (\d+)/.exec(rest)?.[1] ?? 1) * 1000, task.signal),
  powershell: (rest, task) => powershell(rest, task),
  pwsh: (rest, task) => powershell(rest, task),
  shutdown: (rest, { machine, streams }) => {
    if (/\/r\b/.test(rest)) {
      if (machine.restartCode !== 0) {
        streams.stderr('Access is denied.(5)\r\n');
        return machine.restartCode;
      }
      machine.restartSoon();
    }
    if (/\/[sp]\b/.test(rest)) machine.shutDownSoon();
    return 0;
  },
  // Prepares the machine for others to start from it: docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2launch-v2-sysprep.html
  ec2launch: (rest, { machine }) => {
    if (/^(sysprep|reset)\b/i.test(rest)) machine.generalized = true;
    if (/--shutdown/i.test(rest)) machine.shutDownSoon();
    return 0;
  },
  sysprep: (rest, { machine }) => {
    if (/\/generalize/i.test(rest)) machine.generalized = true;
    if (/\/shutdown/i.test(rest)) machine.shutDownSoon();
    return 0;
  },
  schtasks: (rest, { machine }) => {
    machine.schtasks.push(rest);
    if (/^\/end/i.test(rest)) machine.running.get(/\/tn (\S+)/i.exec(rest)?.[1] ?? '')?.();
    return 0;
  },
};

async function batch(name: string, task: Process): Promise<number> {
  const text = fs.readFileSync(task.machine.path(name), 'utf8');
  let code = 0;
  try {
    for (const line of text.split(/\r?\n/)) {
      if (line.trim() === '' || line.trim().startsWith(':')) continue;
      task.env.set('ERRORLEVEL', String(code));
      code = await runLine(line, task);
    }
    return code;
  } catch (error) {
    if (error instanceof Exit && error.batchOnly) return error.code;
    throw error;
  }
}

/** `powershell …`: the options that say what to run. */
async function powershell(rest: string, task: Process): Promise<number> {
  const { machine, env, streams, signal } = task;
  machine.powershells += 1;
  const [, encoded] = /-e(?:ncodedcommand|nc)?\s+(\S+)/i.exec(rest) ?? [];
  const host = {
    streams,
    signal,
    env,
    path: (file: string) => machine.path(file),
    program: (name: string, args: readonly string[], own: Streams) => runProgram(name, args, { ...task, streams: own }),
    com: (name: string) => machine.com(name),
    cim: (name: string) => machine.cim(name),
    hasKey: (key: string) => machine.registry.has(key.toLowerCase()),
  } satisfies Host;
  const session = new Session(host, encoded === undefined);
  if (encoded !== undefined) return session.main(Buffer.from(encoded, 'base64').toString('utf16le'));
  const [, file] = /-f(?:ile)?\s+("[^"]+"|\S+)/i.exec(rest) ?? [];
  if (file !== undefined) return session.main(`& '${file.replaceAll('"', '')}'; exit $LASTEXITCODE`);
  const command = rest.replace(
    /^(\s*-(noprofile|noninteractive|nologo|executionpolicy\s+\S+))*\s*(-c(ommand)?)?\s*/i,
    '',
  );
  return session.main(/^".*"$/s.test(command) ? command.slice(1, -1) : command);
}

/** A program with its arguments, as one task starts another. */
export function runProgram(name: string, args: readonly string[], task: Process): Promise<number> {
  const words =
    args.length === 1 && /\s/.test(args[0]!) ? args : args.map((arg) => (/[\s&|]/.test(arg) ? `"${arg}"` : arg));
  // It gets its line as it is.
  if (/^cmd(\.exe)?$/i.test(name)) return Promise.resolve(BUILTINS['cmd']!(words.join(' '), task));
  return runShell([/\s/.test(name) ? `"${name}"` : name, ...words].join(' '), task);
}

/** What Windows does not know itself, this machine's shell runs: really. */
function native(command: string, { machine, env, streams, signal }: Process): Promise<number> {
  return new Promise((resolve, reject) => {
    const line = command.replace(/\b[a-z]:[\\/][^\s"']*/gi, (path) => machine.path(path));
    const child = spawn('/bin/sh', ['-c', line], {
      cwd: machine.home,
      env: { PATH: machine.searchPath, ...Object.fromEntries(env) },
      detached: true,
    });
    machine.children.add(child);
    const stop = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    child.stdout.on('data', (data: Buffer) => streams.stdout(data));
    child.stderr.on('data', (data: Buffer) => streams.stderr(data));
    child.stdin.on('error', () => undefined);
    void (async () => {
      for await (const chunk of streams.stdin) child.stdin.write(chunk);
      child.stdin.end();
    })();
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop);
      machine.children.delete(child);
      resolve(code === 127 ? 1 : (code ?? 1));
    });
  });
}
