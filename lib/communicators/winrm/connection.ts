import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { messageOf } from '../../errors';
import { findXml, parseXml, type XmlElement } from '../../util/xml';
import type { Address } from '../ssh/sockets';
import { channelBindings } from './certificate';
import { envelope, type Request } from './envelope';
import { LinkLost, WinrmFailure, WinrmFault } from './failure';
import { HttpConnection, type HttpAnswer } from './http';
import { PLAIN_TYPE, SEALED_TYPE, sealMessage, unsealMessage } from './multipart';
import { authenticateMessage, negotiateMessage } from './ntlm/messages';
import { Sealer } from './ntlm/seal';
import type { Settings } from './settings';

/** MS-WSMV 2.2.9.1 names no other way to say that the certificate of the connection logs in. */
const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';

/** A connection on which somebody has logged in, or does so with each request. */
export class Connection {
  private readonly http: HttpConnection;
  private readonly url: string;
  private seal: { readonly to: Sealer; readonly from: Sealer } | undefined;

  constructor(
    private readonly socket: Socket | TLSSocket,
    readonly address: Address,
    private readonly settings: Settings,
  ) {
    const host = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
    this.http = new HttpConnection(socket, host);
    this.url = `${settings.secure ? 'https' : 'http'}://${host}/wsman`;
  }

  get lost(): boolean {
    return this.http.lost;
  }

  /** The address of this side. */
  get localAddress(): string | undefined {
    return this.socket.localAddress;
  }

  /** Logs in, where that is done once a connection. */
  async login(signal: AbortSignal, now: number): Promise<void> {
    if (this.settings.transport !== 'ntlm') return;
    const negotiate = negotiateMessage();
    for (const scheme of ['Negotiate', 'NTLM']) {
      const answer = await this.ask(
        Buffer.alloc(0),
        { Authorization: `${scheme} ${negotiate.toString('base64')}` },
        signal,
      );
      const token = offersOf(answer).find((offer) => offer.startsWith(`${scheme} `));
      if (token !== undefined)
        return this.prove(scheme, negotiate, Buffer.from(token.slice(scheme.length + 1), 'base64'), signal, now);
      if (answer.status !== 401) throw notWinrm(answer);
      if (!offersOf(answer).some((offer) => /^ntlm$/i.test(offer))) throw this.refusal(answer);
    }
  }

  /** Asks for something. @throws WinrmFault, WinrmFailure, LinkLost */
  async request(request: Request, signal: AbortSignal): Promise<XmlElement> {
    const { operationTimeout: timeout, envelopeSize: size } = this.settings;
    const text = Buffer.from(envelope(request, { to: this.url, timeout, size }));
    const sealed = this.seal !== undefined && !this.settings.secure;
    const body = sealed ? sealMessage(this.seal!.to, text) : text;
    const headers = { 'Content-Type': sealed ? SEALED_TYPE : PLAIN_TYPE, ...this.authorization() };
    const answer = await this.ask(body, headers, signal);
    if (answer.status === 401) throw this.refusal(answer);
    return this.read(answer);
  }

  close(): void {
    this.http.close();
  }

  private async prove(
    scheme: string,
    negotiate: Buffer,
    challenge: Buffer,
    signal: AbortSignal,
    now: number,
  ): Promise<void> {
    const { username, password, secure } = this.settings;
    const { message, sessionKey } = failingAs(() =>
      authenticateMessage({
        login: { username, password },
        negotiate,
        challenge,
        service: `HTTP/${this.address.host}`,
        now,
        ...(secure && { channelBindings: channelBindings(this.socket as TLSSocket) }),
      }),
    );
    const answer = await this.ask(
      Buffer.alloc(0),
      { Authorization: `${scheme} ${message.toString('base64')}` },
      signal,
    );
    if (answer.status === 401) throw this.refusal(answer);
    if (answer.status !== 200) throw notWinrm(answer);
    this.seal = { to: new Sealer(sessionKey, 'client-to-server'), from: new Sealer(sessionKey, 'server-to-client') };
  }

  private ask(body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
    return this.http.post(body, headers, signal);
  }

  private authorization(): { readonly Authorization?: string } {
    const { transport, username, password } = this.settings;
    if (transport === 'certificate') return { Authorization: MUTUAL };
    if (transport === 'ntlm') return {};
    return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }

  private read(answer: HttpAnswer): XmlElement {
    const type = answer.headers['content-type'] ?? '';
    const sealed = /multipart\/encrypted/i.test(type);
    if (!sealed && (!/soap\+xml/i.test(type) || answer.body.length === 0)) throw notWinrm(answer);
    if (!sealed && this.seal && !this.settings.secure) throw new LinkLost('an answer came that is not sealed');
    let root: XmlElement;
    try {
      root = parseXml((sealed ? unsealMessage(this.seal!.from, answer.body) : answer.body).toString('utf8'));
    } catch (error) {
      throw new LinkLost(`the answer cannot be read: ${messageOf(error)}`, { cause: error });
    }
    const fault = findXml(root, 'Fault');
    if (fault) throw faultOf(fault);
    const body = findXml(root, 'Body');
    if (!body) throw new LinkLost('the answer is no SOAP');
    return body;
  }

  private refusal(answer: HttpAnswer): WinrmFailure {
    const { transport, username } = this.settings;
    const offers = [...new Set(offersOf(answer).map((offer) => offer.split(' ')[0]!))];
    const wanted = { basic: /^basic$/i, ntlm: /^(negotiate|ntlm)$/i, certificate: undefined }[transport];
    if (wanted && offers.length > 0 && !offers.some((offer) => wanted.test(offer))) {
      return new WinrmFailure(
        'authentication',
        `the machine does not take ${transport}; it takes ${offers.join(', ')}`,
        {
          hopeless: true,
          hint: 'take another `transport`, or allow this one on the machine (`winrm get winrm/config/service/auth`)',
        },
      );
    }
    const who = transport === 'certificate' ? 'the certificate' : `\`${username}\``;
    return new WinrmFailure('authentication', `the machine refused to let ${who} log in`, { refused: true });
  }
}

function offersOf(answer: HttpAnswer): readonly string[] {
  const offers = answer.headers['www-authenticate'];
  return (offers ?? '')
    .split(/,\s*(?=[A-Za-z]+(?:\s|,|$))/)
    .map((offer) => offer.trim())
    .filter((offer) => offer !== '');
}

function failingAs<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new WinrmFailure('authentication', messageOf(error), { hopeless: true, cause: error });
  }
}

function notWinrm({ status, reason }: HttpAnswer): WinrmFailure {
  if (status === 415 || /unencrypted/i.test(reason))
    return new WinrmFailure('HTTP', 'the machine takes no messages that are not encrypted', {
      hopeless: true,
      hint: "take `useSsl: true` or `transport: 'ntlm'`",
    });
  return new WinrmFailure('HTTP', `it answered ${status} ${reason}`.trimEnd() + ', which WinRM does not');
}

function faultOf(fault: XmlElement): WinrmFault {
  const values = (element: XmlElement | undefined): string[] =>
    element ? [...(element.name === 'Value' ? [element.text.trim()] : []), ...element.children.flatMap(values)] : [];
  const kind = values(findXml(fault, 'Code')).at(-1) ?? '';
  const detail = findXml(fault, 'WSManFault');
  const code = detail?.attributes['Code'];
  const said = findXml(fault, 'Message') ?? findXml(fault, 'Text');
  const message = wholeText(said).trim().replace(/\s+/g, ' ');
  return new WinrmFault(message, kind.slice(kind.indexOf(':') + 1), code === undefined ? undefined : Number(code));
}

function wholeText(element: XmlElement | undefined): string {
  return element === undefined ? '' : element.text + element.children.map(wholeText).join('');
}
