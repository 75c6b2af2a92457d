import { psQuote } from '../util/powershell';
import { NOT_PLACED } from './shell-program';

/** A script of PowerShell to run. */
export interface PowershellScript {
  readonly bytes: Uint8Array;
  /** Where it shall lie while it runs. */
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly debugMode?: number | undefined;
  readonly keep: boolean;
}

/** Assignments of environment variables. */
export function psEnvironment(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `$env:${name} = ${psQuote(value)}`);
}

/** Lines that put a script in place, and say so where they cannot. */
export function psPlace(path: string, bytes: Uint8Array): string[] {
  const content = Buffer.from(bytes).toString('base64');
  return [
    `$gs_path = ${psQuote(path)}`,
    `try { [IO.File]::WriteAllBytes($gs_path, [Convert]::FromBase64String('${content}')) }`,
    `catch { [Console]::Error.WriteLine('goldsmith could not write ' + $gs_path + ': ' + $_.Exception.Message); exit ${NOT_PLACED} }`,
  ];
}

/**
 * A program that writes a script, runs it with its environment, removes it, and ends as it did: by its `exit`, or as the last
 * program that it ran; an error that nobody catches is 1.
 */
export function psScript({ bytes, path, environment, debugMode, keep }: PowershellScript): string {
  return [
    ...psPlace(path, bytes),
    ...psEnvironment(environment),
    '$global:LASTEXITCODE = 0',
    '$gs_code = 1',
    'try {',
    ...(debugMode === undefined || debugMode === 0 ? [] : [`Set-PSDebug -Trace ${debugMode}`]),
    '& $gs_path',
    '$gs_code = $LASTEXITCODE',
    '} catch { [Console]::Error.WriteLine(($_ | Out-String)) }',
    ...(keep ? [] : ['finally { Set-PSDebug -Off; [IO.File]::Delete($gs_path) }']),
    'exit $gs_code',
  ].join('\n');
}

/** Lines that have cmd.exe run a command line, with the environment and the streams that are; its exit code is then in `$gs_code`. */
export function psCmd(commandLine: string): string[] {
  return [
    '$gs_info = New-Object Diagnostics.ProcessStartInfo',
    "$gs_info.FileName = 'cmd.exe'",
    // Of several quotes cmd.exe takes away the outermost two, and no other (`cmd /?`).
    `$gs_info.Arguments = ${psQuote(`/d /c "${commandLine}"`)}`,
    '$gs_info.UseShellExecute = $false',
    '$gs_process = [Diagnostics.Process]::Start($gs_info)',
    '$gs_process.WaitForExit()',
    '$gs_code = $gs_process.ExitCode',
  ];
}

/** Inline commands as a script. With a mark in front, without which Windows PowerShell takes it for the machine's old encoding. */
export function inlineBytes(inline: readonly string[]): Buffer {
  return Buffer.from(`\ufeff${inline.join('\n')}\n`.replace(/\r?\n/g, '\r\n'), 'utf8');
}
