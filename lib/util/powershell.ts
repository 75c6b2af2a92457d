/** A text as one literal of PowerShell. It takes typographic quotes for quotes, too (about_Quoting_Rules). */
export function psQuote(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

/** How PowerShell is started: without profiles, and nobody is there to answer. */
export interface PowershellStart {
  /** @default 'powershell' */
  readonly program?: string | undefined;
  /** `none`: what the machine has. @default 'bypass' */
  readonly executionPolicy?: string | undefined;
}

/** The command line of a script that is short and holds nothing secret. What it reads is in `$input`, and in `$_` of a `process` block. */
export function powershellCommand(script: string, start: PowershellStart = {}): string {
  const { program = 'powershell', executionPolicy = 'bypass' } = start;
  const policy = executionPolicy === 'none' ? [] : ['-ExecutionPolicy', executionPolicy];
  const encoded = Buffer.from(script, 'utf16le').toString('base64');
  return [program, '-NoProfile', '-NonInteractive', ...policy, '-EncodedCommand', encoded].join(' ');
}

/**
 * Where progress goes, nobody looks. PowerShell reads its input line by line into `$input`, in the machine's own encoding:
 * so the script comes as base64.
 */
const FRAME = `$ProgressPreference = 'SilentlyContinue'
. ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String((@($input) -join '')))))`;

/** A command line that is always the same, and what it reads: a script of any length, which may hold secrets. */
export function powershellProgram(
  script: string,
  start: PowershellStart = {},
): { readonly command: string; readonly stdin: string } {
  // A line of PowerShell's input may be long; those who look at the traffic prefer shorter ones.
  const lines = Buffer.from(script, 'utf8')
    .toString('base64')
    .replace(/.{1,4000}/g, '$&\r\n');
  return { command: powershellCommand(FRAME, start), stdin: lines };
}
