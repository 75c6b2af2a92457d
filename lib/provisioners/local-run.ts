import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../errors';
import type { RunContext } from '../extension/context';
import { runProcess } from '../util/spawn';
import { Tail } from '../util/tail';
import { renderTemplate } from '../util/template';
import { environmentOf, formatEnvironment } from './environment';
import type { LocalScriptConfig } from './local-scripts';
import { scriptsOf, whatFailed, type Script } from './scripts';
import { interpreterOf, isBinary } from './shell-program';
import { stepFailed } from './step-failed';

const WINDOWS = process.platform === 'win32';
/** Node's names of systems, where Go has others. */
const GO_NAMES: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' };

/**
 * Runs scripts on this machine, in the project's folder. The variables are in their environment, never in an argument.
 *
 * @param facts what `executeCommand` may name beside `Script` and `Vars`
 */
export async function runLocalScripts(
  config: LocalScriptConfig,
  variables: Readonly<Record<string, string>>,
  facts: Readonly<Record<string, string>>,
  ctx: RunContext,
): Promise<void> {
  const system = GO_NAMES[process.platform] ?? process.platform;
  if (config.onlyOn && !(config.onlyOn as readonly string[]).includes(system)) {
    ctx.say(`skipped: this is ${system}, and it runs only on ${config.onlyOn.join(', ')}`);
    return;
  }
  const environment = environmentOf(config, variables);
  const scripts = await scriptsOf({
    ...config,
    ...(config.command !== undefined && { inline: [config.command] }),
    binary: WINDOWS,
  });
  for (const script of scripts) {
    if (scripts.length > 1) ctx.say(`running ${script.name}`);
    await runOne(script, config, environment, facts, ctx);
  }
}

async function runOne(
  script: Script,
  config: LocalScriptConfig,
  environment: Readonly<Record<string, string>>,
  facts: Readonly<Record<string, string>>,
  ctx: RunContext,
): Promise<void> {
  const file = await place(script, config, ctx);
  const output = new Tail();
  try {
    const [program, ...args] = argumentsFor(script, file, config, environment, facts);
    const end = await runProcess(program!, args, {
      cwd: ctx.projectDir,
      env: { ...ctx.env, ...environment },
      signal: ctx.signal,
      clock: ctx.clock,
      onOutput: (text, stream) => {
        output.push(text);
        ctx.output(text, stream);
      },
    }).catch((error: unknown) => {
      ctx.signal.throwIfAborted();
      throw new GoldsmithError(
        'STEP_FAILED',
        `${whatFailed(script, file, '')} could not be started: ${messageOf(error)}`,
        { cause: error },
      );
    });
    const allowed = config.validExitCodes ?? [0];
    if ('code' in end && allowed.includes(end.code)) return;
    const result =
      'code' in end ? ({ ended: 'exit', code: end.code } as const) : ({ ended: 'signal', signal: end.signal } as const);
    throw stepFailed(whatFailed(script, file, output.toString()), result, output.toString(), allowed);
  } finally {
    await fs.rm(path.dirname(file), { recursive: true, force: true });
  }
}

/** The script in a folder of its own, since a staged copy may be neither writable nor executable. */
async function place(script: Script, config: LocalScriptConfig, ctx: RunContext): Promise<string> {
  const folder = path.join(ctx.tempDir, `shell-local-${randomBytes(6).toString('hex')}`);
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const name = script.inline ? `script${config.tempfileExtension ?? (WINDOWS ? '.cmd' : '')}` : script.name;
  const file = path.join(folder, name);
  await fs.writeFile(file, WINDOWS && script.inline ? withoutShebang(script.bytes) : script.bytes, { mode: 0o700 });
  return file;
}

function argumentsFor(
  script: Script,
  file: string,
  config: LocalScriptConfig,
  environment: Readonly<Record<string, string>>,
  facts: Readonly<Record<string, string>>,
): readonly string[] {
  const named = WINDOWS && config.useLinuxPathing === true ? linuxPath(file) : file;
  if (config.executeCommand !== undefined) {
    const format = config.envVarFormat ?? (WINDOWS ? 'set %s=%s && ' : "%s='%s' ");
    const values = { ...facts, Script: named, Vars: formatEnvironment(environment, format) };
    const command =
      typeof config.executeCommand === 'string' ? ['/bin/sh', '-c', config.executeCommand] : config.executeCommand;
    return command.map((word) => renderTemplate('executeCommand', word, values));
  }
  if (WINDOWS) return ['cmd', '/V', '/C', 'call', named];
  const interpreter = interpreterOf(script.bytes);
  if (interpreter) return [...interpreter, named];
  return isBinary(script.bytes) ? [named] : ['/bin/sh', named];
}

/** `C:\a\b` as the Linux subsystem has it. */
function linuxPath(file: string): string {
  const [, drive, rest] = /^([A-Za-z]):\\(.*)$/s.exec(file) ?? [];
  return drive === undefined ? file : `/mnt/${drive.toLowerCase()}/${rest!.replaceAll('\\', '/')}`;
}

function withoutShebang(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.indexOf(10) + 1);
}
