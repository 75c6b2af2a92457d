import type { Communicator, ExecResult } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import type { Tail } from '../util/tail';
import { renderTemplate } from '../util/template';
import { environmentOf, formatEnvironment } from './environment';
import { execPowershell } from './powershell-exec';
import { psCmd, psEnvironment, psPlace } from './powershell-program';
import { scriptsOf, type Script } from './scripts';
import { freshName } from './shell-program';
import { inlineOf, needWindows, runScripts } from './windows-run';
import type { WindowsShellConfig } from './windows-shell';

/** Runs the batch files one after another, each in one round trip. */
export async function runWindowsShell(
  config: WindowsShellConfig,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  needWindows(machine, 'the windows-shell provisioner');
  const files = await scriptsOf({ script: config.script, scripts: config.scripts, binary: true });
  const scripts = config.inline ? [inlineOf(config.inline, Buffer.from(`${config.inline.join('\n')}\n`))] : files;
  const ended = scripts.map((script) => ({
    ...script,
    bytes: config.binary === true ? script.bytes : crlf(script.bytes),
  }));
  const ownCommand = config.executeCommand ?? config.envVarFormat;
  await runScripts(config, ended, ctx, (script, output) => {
    const path = pathOf(config);
    if (ownCommand !== undefined) return byCommand(config, path, script, machine, ctx, output);
    const leaves = config.skipClean === true ? undefined : path;
    return execPowershell(batchProgram(config, path, script, ctx), { leaves }, machine, ctx, output);
  });
}

/**
 * A program that writes a batch file and has cmd.exe run it, which takes over its environment and its streams: PowerShell itself
 * would read and change what other programs print.
 */
function batchProgram(config: WindowsShellConfig, path: string, script: Script, ctx: ProvisionContext): string {
  return [
    ...psPlace(path, script.bytes),
    ...psEnvironment(environmentOf(config, ctx.variables)),
    ...psCmd(`"${path}"`),
    ...(config.skipClean === true ? [] : ['[IO.File]::Delete($gs_path)']),
    'exit $gs_code',
  ].join('\n');
}

/** Packer's way: the file is uploaded, and a command line of the user's runs it. */
async function byCommand(
  config: WindowsShellConfig,
  path: string,
  script: Script,
  machine: Communicator,
  ctx: ProvisionContext,
  output: Tail,
): Promise<ExecResult> {
  const { signal } = ctx;
  const variables = formatEnvironment(
    environmentOf(config, ctx.variables),
    config.envVarFormat ?? 'set "%s=%s" && ',
    (value) => value,
  );
  const command = renderTemplate('executeCommand', config.executeCommand ?? '{{.Vars}}"{{.Path}}"', {
    ...machine.facts,
    Path: path,
    Vars: variables,
  });
  await machine.uploadFile(script.bytes, path, { signal });
  try {
    const onOutput = (text: string, stream: 'stdout' | 'stderr'): void => {
      output.push(text);
      ctx.output(text, stream);
    };
    return await machine.exec(command, { signal, onOutput });
  } finally {
    if (config.skipClean !== true) await machine.exec(`del /q "${path}"`, { signal }).catch(() => undefined);
  }
}

/** cmd.exe takes slashes for options. */
function pathOf({ remotePath }: WindowsShellConfig): string {
  return (remotePath ?? `C:/Windows/Temp/${freshName()}.bat`).replaceAll('/', '\\');
}

function crlf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
