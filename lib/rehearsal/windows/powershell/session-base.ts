import type { Host } from './host';
import { typesOf } from './net';
import { Scope } from './scope';
import { listOf, PsError, text } from './values';

/** What a PowerShell has around it: its types, its errors, its streams. */
export class SessionBase {
  readonly types: ReturnType<typeof typesOf>;
  readonly globals = new Scope();
  trace = 0;
  protected succeeded = true;
  private clixmlOpen = false;

  constructor(
    readonly host: Host,
    /** Errors as text: without `-EncodedCommand` nobody reads XML. */
    private readonly plain = false,
  ) {
    this.types = typesOf(host);
    for (const [name, value] of Object.entries({
      true: true,
      false: false,
      null: null,
      ErrorActionPreference: 'Continue',
    }))
      this.globals.set(name, value);
    this.globals.set('LASTEXITCODE', null);
    this.globals.set('ExecutionContext', {
      SessionState: { Path: { GetUnresolvedProviderPathFromPSPath: (path: unknown) => text(path) } },
    });
    this.globals.set('PSVersionTable', { PSVersion: { Major: 5 } });
  }

  /** An error that ends nothing, unless the script says that it does. */
  fail(error: PsError, scope: Scope): void {
    this.succeeded = false;
    if (text(scope.get('ErrorActionPreference')).toLowerCase() === 'stop') throw error;
    if (text(scope.get('ErrorActionPreference')).toLowerCase() !== 'silentlycontinue')
      this.clixml('Error', error.record());
  }

  /** Writes to standard error what `-EncodedCommand` writes there: objects as XML. */
  clixml(stream: string, message: string): void {
    if (this.plain)
      return this.host.streams.stderr(`${stream === 'Error' ? '' : `${stream.toUpperCase()}: `}${message}\r\n`);
    const escaped = `${message}\r\n`
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/[\r\n]/g, (mark) => `_x${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`);
    const lines = escaped.match(/.*?_x000D__x000A_/g) ?? [escaped];
    if (!this.clixmlOpen)
      this.host.streams.stderr(
        '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">',
      );
    this.clixmlOpen = true;
    this.host.streams.stderr(lines.map((line) => `<S S="${stream}">${line}</S>`).join(''));
  }

  sleep(ms: number): Promise<void> {
    const { signal } = this.host;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason as Error)), { once: true });
    });
  }

  async make(name: string, args: readonly unknown[]): Promise<unknown> {
    const type = this.type(name);
    if (!type.make) throw new PsError(`Cannot find type [${name}].`);
    return (type.make as (...all: readonly unknown[]) => unknown)(...args);
  }

  protected ended(code: number): number {
    if (this.clixmlOpen) this.host.streams.stderr('</Objs>');
    return code;
  }

  protected show(value: unknown): void {
    for (const one of listOf(value)) this.host.streams.stdout(`${text(one)}\r\n`);
  }

  protected async *lines(): AsyncGenerator<string> {
    let rest = '';
    for await (const chunk of this.host.streams.stdin) {
      const lines = (rest + chunk.toString('latin1')).split(/\r?\n/);
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest !== '') yield rest;
  }

  protected type(name: string) {
    const type = this.types.get(name.toLowerCase().replace(/^system\./, ''));
    if (!type) throw new PsError(`Unable to find type [${name}].`);
    return type;
  }
}
