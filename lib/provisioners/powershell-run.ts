import { GoldsmithError } from '../errors';
import type { Communicator, ExecResult } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { psQuote } from '../util/powershell';
import { Tail } from '../util/tail';
import { renderTemplate } from '../util/template';
import { environmentOf, formatEnvironment } from './environment';
import type { PowershellConfig } from './powershell';
import { execPowershell, type PowershellRun } from './powershell-exec';
import { inlineBytes, psCmd, psScript } from './powershell-program';
import { scriptsOf, type Script } from './scripts';
import { freshName } from './shell-program';
import { inlineOf, runScripts } from './windows-run';

/** Runs the scripts one after another, each in one round trip. */
export async function runPowershell(
  config: PowershellConfig,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  const how = await howOf(config, machine, ctx);
  const scripts = config.inline
    ? [inlineOf(config.inline, inlineBytes(config.inline))]
    : await scriptsOf({ script: config.script, scripts: config.scripts, binary: true });
  const ownCommand =
    config.executeCommand ?? config.elevatedExecuteCommand ?? config.remoteEnvVarPath ?? config.envVarFormat;
  await runScripts(config, scripts, ctx, (script, output) =>
    ownCommand === undefined
      ? directly(config, script, how, machine, ctx, output)
      : byCommand(config, script, how, machine, ctx, output),
  );
}

async function howOf(config: PowershellConfig, machine: Communicator, ctx: ProvisionContext): Promise<PowershellRun> {
  const { elevatedUser: user, elevatedPassword: password } = config;
  const unix = machine.guest === 'unix';
  if (unix) {
    const found = await machine.exec('command -v pwsh >/dev/null 2>&1', { signal: ctx.signal });
    if (found.ended === 'exit' && found.code !== 0)
      throw new GoldsmithError(
        'STEP_FAILED',
        'the powershell provisioner needs Windows or PowerShell 7, but the machine has no `pwsh`',
        {
          hint: 'install it by an earlier step, use `shell`, or leave out this source with `only` or `except`',
        },
      );
  }
  return {
    program: unix || config.usePwsh === true ? 'pwsh' : 'powershell',
    // Elsewhere than on Windows there are none (about_Execution_Policies).
    executionPolicy: unix ? 'none' : config.executionPolicy,
    ...(user !== undefined && { elevated: { user, password } }),
  };
}

function pathOf({ remotePath }: PowershellConfig, { guest }: Communicator): string {
  return remotePath ?? `${guest === 'windows' ? 'C:/Windows/Temp' : '/tmp'}/${freshName()}.ps1`;
}

function directly(
  config: PowershellConfig,
  script: Script,
  how: PowershellRun,
  machine: Communicator,
  ctx: ProvisionContext,
  output: Tail,
): Promise<ExecResult> {
  const path = pathOf(config, machine);
  const keep = config.skipClean === true;
  const environment = environmentOf(config, ctx.variables);
  const program = psScript({ bytes: script.bytes, path, environment, debugMode: config.debugMode, keep });
  return execPowershell(program, { ...how, leaves: keep ? undefined : path }, machine, ctx, output);
}

/** What Packer runs a script by. */
const COMMAND = "\"& { $ProgressPreference = 'SilentlyContinue'; . {{.Vars}}; & '{{.Path}}'; exit $LastExitCode }\"";
const FORMAT = '$env:%s="%s"; ';

/** Packer's way: script and variables are files, and a command line of the user's runs them. */
async function byCommand(
  config: PowershellConfig,
  script: Script,
  how: PowershellRun,
  machine: Communicator,
  ctx: ProvisionContext,
  output: Tail,
): Promise<ExecResult> {
  const { signal } = ctx;
  const path = pathOf(config, machine);
  const folder = machine.guest === 'windows' ? 'C:/Windows/Temp' : '/tmp';
  const variables = config.remoteEnvVarPath ?? `${folder}/${freshName()}-env.ps1`;
  const elevated = how.elevated !== undefined;
  const format = (elevated ? config.elevatedEnvVarFormat : undefined) ?? config.envVarFormat ?? FORMAT;
  const policy = how.executionPolicy === 'none' ? '' : ` -executionpolicy ${how.executionPolicy ?? 'bypass'}`;
  const template =
    (elevated ? config.elevatedExecuteCommand : undefined) ??
    config.executeCommand ??
    `${how.program ?? 'powershell'}${policy} ${COMMAND}`;
  const command = renderTemplate('executeCommand', template, { ...machine.facts, Path: path, Vars: variables });
  const content = formatEnvironment(escapedForQuotes(environmentOf(config, ctx.variables)), format, (value) => value);
  try {
    await machine.uploadFile(script.bytes, path, { signal });
    await machine.uploadFile(Buffer.from(`\ufeff${content}`), variables, { signal, mode: 0o600 });
    if (elevated) {
      const lines = [...psCmd(command), 'exit $gs_code'].join('\n');
      return await execPowershell(lines, how, machine, ctx, output);
    }
    return await machine.exec(command, {
      signal,
      onOutput: (text, stream) => {
        output.push(text);
        ctx.output(text, stream);
      },
    });
  } finally {
    if (config.skipClean !== true) await removeFiles([path, variables], how, machine, ctx);
  }
}

/** What means something in double quotes gets a backtick. */
function escapedForQuotes(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(/[`$"\u201c\u201d\u201e]/g, '`$&')]),
  );
}

/** As well as it can: the script may have restarted the machine. */
async function removeFiles(
  paths: readonly string[],
  how: PowershellRun,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  const script = paths.map((path) => `[IO.File]::Delete(${psQuote(path)})`).join('\n');
  const quiet = { ...ctx, output: () => undefined };
  await execPowershell(script, { ...how, elevated: undefined }, machine, quiet, new Tail(1)).catch(() => undefined);
}
