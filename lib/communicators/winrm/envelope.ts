import { randomUUID } from 'node:crypto';
import { escapeXml } from '../../util/xml';

/** What can be asked of a shell (MS-WSMV 3.1.4). */
export type Action = 'Create' | 'Delete' | 'Command' | 'Send' | 'Receive' | 'Signal';

/** One request. */
export interface Request {
  readonly action: Action;
  readonly shell?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What all requests of a connection have in common. */
export interface EnvelopeFacts {
  readonly to: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly size: number;
}

const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
const NAMES =
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
  'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" ' +
  `xmlns:rsp="${SHELL}"`;

/** A request as SOAP (DSP0226, 5; MS-WSMV 3.1.4.1). */
export function envelope({ action, shell, options, body = '' }: Request, { to, timeout, size }: EnvelopeFacts): string {
  const namespace = action === 'Create' || action === 'Delete' ? TRANSFER : SHELL;
  const optionSet = Object.entries(options ?? {}).map(
    ([name, value]) => `<w:Option Name="${name}">${value}</w:Option>`,
  );
  return [
    `<s:Envelope ${NAMES}><s:Header>`,
    `<a:To>${escapeXml(to)}</a:To>`,
    '<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>',
    `<w:MaxEnvelopeSize s:mustUnderstand="true">${size}</w:MaxEnvelopeSize>`,
    `<a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>`,
    '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>',
    `<w:OperationTimeout>PT${(timeout / 1000).toFixed(3)}S</w:OperationTimeout>`,
    `<w:ResourceURI s:mustUnderstand="true">${SHELL}/cmd</w:ResourceURI>`,
    `<a:Action s:mustUnderstand="true">${namespace}/${action}</a:Action>`,
    shell === undefined
      ? ''
      : `<w:SelectorSet><w:Selector Name="ShellId">${escapeXml(shell)}</w:Selector></w:SelectorSet>`,
    optionSet.length === 0 ? '' : `<w:OptionSet s:mustUnderstand="true">${optionSet.join('')}</w:OptionSet>`,
    `</s:Header><s:Body>${body}</s:Body></s:Envelope>`,
  ].join('');
}

/** Codes of signals (MS-WSMV 2.2.4.38). */
export const SIGNALS = { terminate: `${SHELL}/signal/terminate`, ctrlC: `${SHELL}/signal/ctrl_c` } as const;
