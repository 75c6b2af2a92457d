/**
 * Writes what comes in, line by line, each with a letter in front: `d` a folder, `f` a file that begins, `=` a piece of it, `e` its
 * end with its checksum. Names and pieces are in base64. A file has another name until it is whole. It must be short: it is a part of
 * the command line.
 */
export const RECEIVE = `begin {
$ErrorActionPreference = 'Stop'
$path = $null; $part = $null; $file = $null
$sha = [Security.Cryptography.SHA256]::Create()
function Full($b) { $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($b))) }
function Undo { if ($file) { $file.Close() }; if ($part) { [IO.File]::Delete($part) } }
}
process {
try {
$line = [string]$_
if ($line.Length -eq 0) { return }
$rest = $line.Substring(1)
$kind = $line.Substring(0, 1)
if ($kind -eq '=') {
$bytes = [Convert]::FromBase64String($rest)
$file.Write($bytes, 0, $bytes.Length)
[void]$sha.TransformBlock($bytes, 0, $bytes.Length, $bytes, 0)
} elseif ($kind -eq 'f') {
$path = Full $rest
if ([IO.Directory]::Exists($path)) { throw "$path is a folder" }
$part = $path + '.MARK'
$file = [IO.File]::Create($part)
$sha.Initialize()
} elseif ($kind -eq 'e') {
$file.Close(); $file = $null
[void]$sha.TransformFinalBlock([byte[]]@(), 0, 0)
$got = [BitConverter]::ToString($sha.Hash).Replace('-', '').ToLower()
if ($got -ne $rest) { throw "what arrived has another checksum: $got" }
if ([IO.File]::Exists($path)) { [IO.File]::Delete($path) }
[IO.File]::Move($part, $path); $part = $null
} elseif ($kind -eq 'd') { [void][IO.Directory]::CreateDirectory((Full $rest)) }
} catch { Undo; [Console]::Error.WriteLine($_.Exception.Message); exit 1 }
}
end { if ($part) { Undo; exit 1 } }`;

/** The same lines the other way round. `TASK` says of what. */
export const SEND = `$ErrorActionPreference = 'Stop'
function Line($text) { [Console]::Out.WriteLine($text) }
function Name($kind, $name) { Line ($kind + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($name))) }
function Content($path) {
  $in = [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite')
  $sha = [Security.Cryptography.SHA256]::Create()
  $buffer = New-Object byte[] 60000
  try {
    while (($count = $in.Read($buffer, 0, $buffer.Length)) -gt 0) {
      [void]$sha.TransformBlock($buffer, 0, $count, $buffer, 0)
      Line ('=' + [Convert]::ToBase64String($buffer, 0, $count))
    }
  } finally { $in.Close() }
  [void]$sha.TransformFinalBlock($buffer, 0, 0)
  Line ('e' + [BitConverter]::ToString($sha.Hash).Replace('-', '').ToLower())
}
function Folder($path, $at) {
  foreach ($one in [IO.Directory]::GetFiles($path)) { Name 'f' ($at + [IO.Path]::GetFileName($one)); Content $one }
  foreach ($one in [IO.Directory]::GetDirectories($path)) {
    $name = $at + [IO.Path]::GetFileName($one)
    Name 'd' $name
    Folder $one ($name + '/')
  }
}
function Full($path) { $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path) }
try { TASK } catch { [Console]::Error.WriteLine($_.Exception.Message); exit 1 }`;

/** Fetches a file by HTTP: exit code 3 where there is no way to the other side. */
export const FETCH = `$ErrorActionPreference = 'Stop'
$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath(PATH)
$part = $path + '.MARK'
try {
  if ([IO.Directory]::Exists($path)) { throw "$path is a folder" }
  [IO.File]::Create($part).Close()
  $client = New-Object Net.WebClient
  $client.Proxy = $null
  try { $client.DownloadFile(URL, $part) } catch { [Console]::Error.WriteLine($_.Exception.Message); [IO.File]::Delete($part); exit 3 }
  $in = [IO.File]::OpenRead($part)
  $hash = [Security.Cryptography.SHA256]::Create().ComputeHash($in)
  $in.Close()
  $got = [BitConverter]::ToString($hash).Replace('-', '').ToLower()
  if ($got -ne SUM) { throw "what arrived has another checksum: $got" }
  if ([IO.File]::Exists($path)) { [IO.File]::Delete($path) }
  [IO.File]::Move($part, $path)
} catch {
  [Console]::Error.WriteLine($_.Exception.Message)
  [IO.File]::Delete($part)
  exit 1
}`;
