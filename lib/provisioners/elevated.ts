import { psQuote } from '../util/powershell';
import { escapeXml } from '../util/xml';

/** A script that somebody else runs. */
export interface ElevatedRun {
  /** Name of the task and of its files: one that nobody can guess. */
  readonly name: string;
  readonly script: string;
  readonly user: string;
  /** Undefined for a service account. */
  readonly password: string | undefined;
  readonly program: string;
  readonly executionPolicy: string;
}

const TASKS = 'http://schemas.microsoft.com/windows/2004/02/mit/task';
/** How a task logs in (Task Scheduler reference, TASK_LOGON_TYPE): by a password, or as a service. */
const BY_PASSWORD = 1;
const AS_SERVICE = 5;
/** TASK_CREATE_OR_UPDATE. */
const CREATE = 6;

/** States of a task (TASK_STATE) and results (Task Scheduler error constants) that say that it has not ended: queued, running. */
const UNFINISHED = '$state -eq 2 -or $state -eq 4 -or $result -eq 267009';
/** It has not run yet; after 10 s it will not. */
const NOT_BEGUN = '($result -eq 267011 -and $rounds -lt 50)';

/**
 * A program that has a scheduled task run a script with all rights, shows what it prints, and ends as it did. Who comes over the
 * network has fewer rights than who sits in front, even as administrator. The password is in this program's text only.
 */
export function elevatedProgram({ name, script, user, password, program, executionPolicy }: ElevatedRun): string {
  const logon = password === undefined ? AS_SERVICE : BY_PASSWORD;
  const secret = password === undefined ? '$null' : psQuote(password);
  return `$ErrorActionPreference = 'Stop'
$name = ${psQuote(name)}
$base = $env:SystemRoot + '\\Temp\\' + $name
$stdout = [Console]::OpenStandardOutput()
$seen = @{ At = 0 }
function Show {
  if (-not [IO.File]::Exists($base + '.out')) { return }
  $in = [IO.File]::Open($base + '.out', 'Open', 'Read', 'ReadWrite')
  try {
    [void]$in.Seek($seen.At, 'Begin')
    $buffer = New-Object byte[] 65536
    while (($count = $in.Read($buffer, 0, $buffer.Length)) -gt 0) {
      $stdout.Write($buffer, 0, $count)
      $seen.At += $count
    }
    $stdout.Flush()
  } finally { $in.Close() }
}
$code = 1
$folder = $null
try {
  [IO.File]::WriteAllText($base + '.ps1', ${psQuote(script)}, (New-Object Text.UTF8Encoding $true))
  $service = New-Object -ComObject 'Schedule.Service'
  $service.Connect()
  $task = $service.NewTask($null)
  $task.XmlText = ${psQuote(taskXml(user, program, executionPolicy))}.Replace('BASE', $base)
  $folder = $service.GetFolder('\\')
  [void]$folder.RegisterTaskDefinition($name, $task, ${CREATE}, ${psQuote(user)}, ${secret}, ${logon}, $null)
  $running = $folder.GetTask('\\' + $name)
  [void]$running.Run($null)
  $rounds = 0
  do {
    Start-Sleep -Milliseconds 200
    $rounds += 1
    $state = $running.State
    $result = $running.LastTaskResult
    Show
  } while (${UNFINISHED} -or ${NOT_BEGUN})
  $code = $running.LastTaskResult
  if ($code -eq 267011) { [Console]::Error.WriteLine('the task was not started within 10 s'); $code = 1 }
} catch { [Console]::Error.WriteLine('goldsmith could not run the task: ' + $_.Exception.Message) }
finally {
  if ($folder) { try { $folder.DeleteTask($name, 0) } catch { } }
  [IO.File]::Delete($base + '.ps1')
  [IO.File]::Delete($base + '.out')
}
exit $code`;
}

/** Command lines that end and remove what {@link elevatedProgram} left when it was cut off. */
export function removeTask(name: string): readonly string[] {
  const file = `"%SystemRoot%\\Temp\\${name}`;
  return [`schtasks /End /TN ${name}`, `schtasks /Delete /F /TN ${name}`, `del /q ${file}.ps1"`, `del /q ${file}.out"`];
}

/** The task (MS-TSCH 2.5): with all rights, also on batteries, for as long as it takes. */
function taskXml(user: string, program: string, executionPolicy: string): string {
  const policy = executionPolicy === 'none' ? '' : ` -ExecutionPolicy ${executionPolicy}`;
  const command = `chcp 65001 >nul & ${program} -NoProfile -NonInteractive${policy} -File "BASE.ps1" >"BASE.out" 2>&1`;
  return (
    `<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="${TASKS}">` +
    `<Principals><Principal id="Author"><UserId>${escapeXml(user)}</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>` +
    '<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>' +
    '<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>' +
    '<AllowHardTerminate>true</AllowHardTerminate><AllowStartOnDemand>true</AllowStartOnDemand><Enabled>true</Enabled>' +
    '<ExecutionTimeLimit>PT0S</ExecutionTimeLimit><Priority>4</Priority></Settings>' +
    `<Actions Context="Author"><Exec><Command>cmd.exe</Command><Arguments>/d /c "${escapeXml(command)}"</Arguments></Exec></Actions></Task>`
  );
}
