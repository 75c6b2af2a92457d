import { GoldsmithError } from '../errors';
import type { Communicator } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { psQuote } from '../util/powershell';
import { Tail } from '../util/tail';
import { execPowershell } from './powershell-exec';
import { restart } from './reboot-run';
import { statusOf, stepFailed } from './step-failed';
import type { WindowsUpdateConfig } from './windows-update';
import { needWindows } from './windows-run';

const CRITERIA = 'BrowseOnly=0 and IsInstalled=0';
const FILTERS = ['include:$true'];
const LIMIT = 1000;
const RETRIES = 5;
const RESTART_TIMEOUT = '4h';
const USER = 'SYSTEM';
/** ERROR_SHUTDOWN_IN_PROGRESS and ERROR_SHUTDOWN_IS_SCHEDULED. */
const UNDER_WAY = [1115, 1190];
/** Exit codes of the script: something was installed and a restart is due, or nothing could be installed. */
const RESTART = 101;
const NOTHING = 102;

/** Installs and restarts until nothing is left. */
export async function runWindowsUpdate(
  config: WindowsUpdateConfig,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  needWindows(machine, 'the windows-update provisioner');
  const { username: user = USER, password, updateMaxRetries = RETRIES, restartTimeout = RESTART_TIMEOUT } = config;
  const script = updateScript(config);
  for (let failures = 0; ;) {
    const output = new Tail();
    const result = await execPowershell(script, { elevated: { user, password } }, machine, ctx, output);
    const status = statusOf(result);
    if (status === 0) return;
    if (status === NOTHING) failures += 1;
    else if (status !== RESTART) throw stepFailed('the script that installs updates', result, output.toString(), [0]);
    if (failures >= updateMaxRetries) {
      throw new GoldsmithError('STEP_FAILED', `no update could be installed in ${failures} tries`, {
        hint: 'leave out what cannot be installed by `filters`; C:\\Windows\\Logs\\WindowsUpdate says why',
        output: output.toString(),
      });
    }
    await restart({ restartTimeout }, machine, ctx, UNDER_WAY);
  }
}

/** One round: looks, chooses, downloads, installs (Windows Update Agent API). */
function updateScript({
  searchCriteria = CRITERIA,
  filters = FILTERS,
  updateLimit = LIMIT,
}: WindowsUpdateConfig): string {
  const verdicts = filters.map((filter) => {
    const [, verdict = '', expression = ''] = /^(\w+):(.*)$/s.exec(filter) ?? [];
    return `if (${expression}) { '${verdict}' }`;
  });
  return `$ErrorActionPreference = 'Stop'
function Line($text) { [Console]::Out.WriteLine($text) }
try {
  $session = New-Object -ComObject 'Microsoft.Update.Session'
  $system = New-Object -ComObject 'Microsoft.Update.SystemInfo'
  if ($system.RebootRequired) { Line 'a restart is due before updates can be installed'; exit ${RESTART} }
  $found = $session.CreateUpdateSearcher().Search(${psQuote(searchCriteria)}).Updates
  $chosen = New-Object -ComObject 'Microsoft.Update.UpdateColl'
  for ($i = 0; $i -lt $found.Count -and $chosen.Count -lt ${updateLimit}; $i++) {
    $update = $found.Item($i)
    if ($update.InstallationBehavior.CanRequestUserInput) { continue }
    $verdict = @($update) | ForEach-Object { ${verdicts.join(' else')} else { 'exclude' } }
    if ($verdict -ne 'include') { Line ('left out: ' + $update.Title); continue }
    if (-not $update.EulaAccepted) { [void]$update.AcceptEula() }
    Line ('to install: ' + $update.Title)
    [void]$chosen.Add($update)
  }
  if ($chosen.Count -eq 0) { Line 'no updates are left'; exit 0 }
  $downloader = $session.CreateUpdateDownloader()
  $downloader.Updates = $chosen
  [void]$downloader.Download()
  $installer = $session.CreateUpdateInstaller()
  $installer.Updates = $chosen
  $result = $installer.Install()
  $installed = 0
  for ($i = 0; $i -lt $chosen.Count; $i++) {
    $one = $result.GetUpdateResult($i)
    if ($one.ResultCode -eq 2 -or $one.ResultCode -eq 3) { $installed += 1 }
    else { Line ('not installed: ' + $chosen.Item($i).Title + ' (' + $one.HResult + ')') }
  }
  Line ('installed: ' + $installed + ' of ' + $chosen.Count)
} catch { [Console]::Error.WriteLine($_.Exception.Message); exit 1 }
if ($installed -eq 0) { exit ${NOTHING} }
exit ${RESTART}`;
}
