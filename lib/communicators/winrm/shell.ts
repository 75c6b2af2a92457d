import { escapeXml, findXml, type XmlElement } from '../../util/xml';
import { SIGNALS, type Request } from './envelope';
import { LinkLost } from './failure';

/** Asks the machine for something. */
export type Ask = (request: Request, signal: AbortSignal) => Promise<XmlElement>;

/** UTF-8, for what commands print (Windows, code page identifiers). */
const CODE_PAGE = '65001';

/** Starts a shell; answers its id. */
export async function createShell(ask: Ask, signal: AbortSignal): Promise<string> {
  const body = await ask(
    {
      action: 'Create',
      options: { WINRS_NOPROFILE: 'FALSE', WINRS_CODEPAGE: CODE_PAGE },
      body: '<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>',
    },
    signal,
  );
  const selector = findXml(body, 'Selector')?.text ?? findXml(body, 'ShellId')?.text;
  if (selector === undefined) throw new LinkLost('the machine gave its shell no name');
  return selector;
}

/** Starts a command; answers its id. Its input is a pipe, not a console: it has an end, and nothing in it is special. */
export async function startCommand(ask: Ask, shell: string, line: string, signal: AbortSignal): Promise<string> {
  const body = await ask(
    {
      action: 'Command',
      shell,
      options: { WINRS_CONSOLEMODE_STDIN: 'FALSE', WINRS_SKIP_CMD_SHELL: 'FALSE' },
      body: `<rsp:CommandLine><rsp:Command>${escapeXml(line)}</rsp:Command></rsp:CommandLine>`,
    },
    signal,
  );
  const id = findXml(body, 'CommandId')?.text;
  if (id === undefined) throw new LinkLost('the machine gave its command no name');
  return id;
}

/** Sends a piece of its input. */
export async function sendInput(
  ask: Ask,
  { shell, command }: CommandRef,
  data: Uint8Array,
  end: boolean,
  signal: AbortSignal,
): Promise<void> {
  const stream = `<rsp:Stream Name="stdin" CommandId="${escapeXml(command)}"${end ? ' End="true"' : ''}>`;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  await ask({ action: 'Send', shell, body: `<rsp:Send>${stream}${bytes}</rsp:Stream></rsp:Send>` }, signal);
}

/** A command of a shell. */
export interface CommandRef {
  readonly shell: string;
  readonly command: string;
}

/** What a command printed since the last time, and its exit code where it has ended. */
export interface Received {
  readonly pieces: readonly { readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }[];
  readonly exitCode: number | undefined;
}

/** Waits for output. @throws WinrmFault of a timeout where nothing came in time */
export async function receiveOutput(ask: Ask, { shell, command }: CommandRef, signal: AbortSignal): Promise<Received> {
  const stream = `<rsp:DesiredStream CommandId="${escapeXml(command)}">stdout stderr</rsp:DesiredStream>`;
  const body = await ask({ action: 'Receive', shell, body: `<rsp:Receive>${stream}</rsp:Receive>` }, signal);
  const response = findXml(body, 'ReceiveResponse');
  const pieces = (response?.children ?? []).flatMap(({ name, attributes, text }) => {
    const kind = attributes['Name'];
    if (name !== 'Stream' || text === '' || (kind !== 'stdout' && kind !== 'stderr')) return [];
    return [{ stream: kind, data: Buffer.from(text, 'base64') } as const];
  });
  const state = response?.children.find(({ name }) => name === 'CommandState');
  const done = state?.attributes['State']?.endsWith('/Done') === true;
  const code = state && findXml(state, 'ExitCode')?.text;
  return { pieces, exitCode: done ? Number(code ?? 0) : undefined };
}

/** Ends a command: gently as Ctrl+C does, or at once. Also frees what the machine holds of one that has ended. */
export async function signalCommand(
  ask: Ask,
  { shell, command }: CommandRef,
  how: keyof typeof SIGNALS,
  signal: AbortSignal,
): Promise<void> {
  const code = `<rsp:Signal CommandId="${escapeXml(command)}"><rsp:Code>${SIGNALS[how]}</rsp:Code></rsp:Signal>`;
  await ask({ action: 'Signal', shell, body: code }, signal);
}

/** Ends a shell, and all its commands. */
export async function deleteShell(ask: Ask, shell: string, signal: AbortSignal): Promise<void> {
  await ask({ action: 'Delete', shell }, signal);
}
