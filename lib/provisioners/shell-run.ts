import { GoldsmithError } from '../errors';
import type { Communicator } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { parseDuration } from '../util/duration';
import { shellQuote } from '../util/quote';
import { Tail } from '../util/tail';
import { renderTemplate } from '../util/template';
import { environmentOf, formatEnvironment } from './environment';
import { scriptsOf, whatFailed, type Script } from './scripts';
import type { ShellConfig } from './shell';
import { freshName, NOT_PLACED, scriptProgram, type ScriptRun } from './shell-program';
import { DISCONNECTED, statusOf, stepFailed } from './step-failed';
import { whenReachable } from './when-reachable';

const START_RETRY_TIMEOUT = '5m';

/** Runs the scripts one after another, each in one round trip. */
export async function runShell(config: ShellConfig, machine: Communicator, ctx: ProvisionContext): Promise<void> {
  if (machine.guest !== 'unix') {
    throw new GoldsmithError('STEP_FAILED', 'the shell provisioner needs a POSIX shell, but the machine runs Windows', {
      hint: 'use `only` or `except` to leave out this source, or run the commands by PowerShell',
    });
  }
  const scripts = await scriptsOf(config);
  for (const script of scripts) {
    if (scripts.length > 1) ctx.say(`running ${script.name}`);
    await runScript(config, script, machine, ctx);
  }
  if (config.pauseAfter !== undefined) await ctx.clock.sleep(parseDuration(config.pauseAfter), ctx.signal);
}

async function runScript(
  config: ShellConfig,
  script: Script,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  const timeout = parseDuration(config.startRetryTimeout ?? START_RETRY_TIMEOUT);
  const allowed = config.validExitCodes ?? [0];
  const run = scriptRun(config, script, machine, ctx);
  const output = new Tail();
  const result = await whenReachable(ctx, timeout, (startTimeout) => {
    const { command, stdin } = scriptProgram(run);
    const onOutput = (text: string, stream: 'stdout' | 'stderr'): void => {
      output.push(text);
      ctx.output(text, stream);
    };
    return machine.exec(command, { signal: ctx.signal, stdin, startTimeout, onOutput });
  });

  const status = statusOf(result);
  if (status === NOT_PLACED && /goldsmith could not write/.test(output.toString()))
    throw notPlaced(script, run.path, output);
  const accepted =
    (status !== undefined && allowed.includes(status)) || (status === DISCONNECTED && config.expectDisconnect === true);
  if (!accepted) throw stepFailed(whatFailed(script, run.path, output.toString()), result, output.toString(), allowed);
  // The frame that would have removed the files went down with the connection.
  if (status === DISCONNECTED && config.skipClean !== true) await removeFiles(run, machine, ctx, timeout);
}

async function removeFiles(
  run: ScriptRun,
  machine: Communicator,
  ctx: ProvisionContext,
  timeout: number,
): Promise<void> {
  const files = [run.path, ...(run.execute?.envFile ? [run.execute.envFile.path] : [])].map(shellQuote).join(' ');
  await whenReachable(ctx, timeout, (startTimeout) =>
    machine.exec(`rm -f ${files}`, { signal: ctx.signal, startTimeout }),
  );
}

function scriptRun(config: ShellConfig, script: Script, machine: Communicator, ctx: ProvisionContext): ScriptRun {
  const folder = (config.remoteFolder ?? '/tmp').replace(/\/+$/, '');
  const path = config.remotePath ?? `${folder}/${config.remoteFile ?? `${freshName()}.sh`}`;
  const environment = environmentOf(config, ctx.variables);
  const common = {
    script: script.bytes,
    path,
    environment,
    freshPath: config.remotePath === undefined && config.remoteFile === undefined,
    keep: config.skipClean === true,
  };
  const byCommand =
    config.executeCommand !== undefined || config.envVarFormat !== undefined || config.useEnvVarFile === true;
  return byCommand ? { ...common, execute: commandOf(config, path, folder, environment, machine) } : common;
}

/** Packer's way: a template of a command line, with the variables in it or in a file beside the script. */
function commandOf(
  config: ShellConfig,
  path: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
  machine: Communicator,
): NonNullable<ScriptRun['execute']> {
  const inFile = config.useEnvVarFile === true;
  const format = config.envVarFormat;
  const envFile = {
    path: `${folder}/${freshName()}-env.sh`,
    content: formatEnvironment(environment, format ?? "export %s='%s'\n"),
  };
  const fallback = `chmod +x {{.Path}}; ${inFile ? '. {{.EnvVarFile}} && {{.Path}}' : '{{.Vars}} {{.Path}}'}`;
  const command = renderTemplate('executeCommand', config.executeCommand ?? fallback, {
    ...machine.facts,
    Path: path,
    Vars: formatEnvironment(environment, format ?? "%s='%s' "),
    ...(inFile && { EnvVarFile: envFile.path }),
  });
  return { command, ...(inFile && { envFile }) };
}

function notPlaced(script: Script, path: string, output: Tail): GoldsmithError {
  return new GoldsmithError('TRANSFER_FAILED', `${script.name} could not be written to ${path} on the machine`, {
    hint: 'its folder must exist, be writable for the login user and have space left; `remoteFolder` names another one',
    output: output.toString(),
  });
}
