/** Where a program reads and writes. */
export interface Streams {
  /** What it reads, chunk by chunk. */
  readonly stdin: AsyncIterable<Buffer>;
  stdout(data: string | Buffer): void;
  stderr(data: string | Buffer): void;
}

/** What PowerShell finds around it. */
export interface Host {
  readonly streams: Streams;
  readonly signal: AbortSignal;
  /** Environment; names know no case. */
  readonly env: Map<string, string>;
  /** A path of Windows as one of this machine. */
  path(windows: string): string;
  /** Runs a program; answers its exit code. */
  program(name: string, args: readonly string[], streams: Streams): Promise<number>;
  /** Makes a COM object. */
  com(name: string): unknown;
  /** Answers `Get-CimInstance`. */
  cim(name: string): unknown;
  /** Whether a key of the registry is there. */
  hasKey(key: string): boolean;
}

/** The name of an environment variable as the map has it. */
export function envName(host: Pick<Host, 'env'>, name: string): string {
  return [...host.env.keys()].find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;
}
