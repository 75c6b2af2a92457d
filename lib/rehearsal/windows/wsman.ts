import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { PLAIN_TYPE, SEALED_TYPE, sealMessage, unsealMessage } from '../../communicators/winrm/multipart';
import { escapeXml, findXml, parseXml, type XmlElement } from '../../util/xml';
import { Door, type AuthOptions, type Login } from './auth';
import { RunningCommand, Shell } from './shells';
import type { WindowsMachine } from './windows';

/** How a server behaves. */
export interface WsmanOptions extends Partial<AuthOptions> {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Bytes of an envelope that it takes. */
  readonly maxEnvelopeSize?: number;
  readonly port?: number;
  /** Address that it listens at. */
  readonly address?: string;
  readonly machine: WindowsMachine;
  /** Whether anybody is let in just now: the machine runs, and its network lets the port through. */
  readonly isOpen?: () => boolean;
  /** Milliseconds that a restart takes. */
  readonly downTime?: number;
  /** The machine lets people in, but not to its shells. */
  readonly denyShells?: boolean;
}

/** A WS-Management server as Windows has one, whose commands really run here. */
export class WsmanServer {
  readonly machine: WindowsMachine;
  readonly door: Door;
  readonly shells = new Map<string, Shell>();
  /** What was asked for, in order. */
  readonly actions: string[] = [];
  /** The command lines that were started. */
  readonly lines: string[] = [];
  /** Bodies of requests as they came over the wire. */
  readonly bodies: Buffer[] = [];
  /** Called before each action; may cut the connection. */
  onAction: (action: string) => void = () => undefined;
  readonly sockets = new Set<Socket>();
  connections = 0;
  private server: http.Server;
  private listening = 0;

  constructor(private readonly options: WsmanOptions) {
    this.machine = options.machine;
    this.door = new Door({
      users: this.machine.users,
      basic: true,
      ntlm: 'Negotiate',
      certificates: [],
      allowUnencrypted: false,
      ...options,
    });
    this.machine.onRestart = () => void this.restart();
    this.server = this.create();
  }

  get port(): number {
    return this.listening;
  }

  async start(port = this.options.port ?? 0): Promise<this> {
    await new Promise<void>((resolve, reject) =>
      this.server.once('error', reject).listen(port, this.options.address ?? '127.0.0.1', () => resolve()),
    );
    this.listening = (this.server.address() as AddressInfo).port;
    return this;
  }

  /** Resolves when nobody is connected any more. */
  async empty(): Promise<void> {
    await Promise.all([...this.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  /** As if its power were cut: nobody is told anything. */
  async kill(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const shell of this.shells.values()) shell.end();
    this.shells.clear();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Goes away, and is there again at the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await new Promise((resolve) => setTimeout(resolve, this.options.downTime ?? 200));
    this.server = this.create();
    await this.start(this.listening);
  }

  async stop(): Promise<void> {
    this.machine.onRestart = () => undefined;
    await this.kill();
    this.machine.remove();
  }

  private create(): http.Server {
    const { tls } = this.options;
    const handle = (request: http.IncomingMessage, response: http.ServerResponse): void =>
      void this.handle(request, response).catch(() => response.destroy());
    const server = tls
      ? https.createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, handle)
      : http.createServer(handle);
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      if (this.options.isOpen?.() === false) return void socket.resetAndDestroy();
      this.connections += 1;
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    return server;
  }

  private async handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.bodies.push(body);
    if (request.url !== '/wsman') return void response.writeHead(404).end();
    const verdict = this.door.judge(request);
    if ('headers' in verdict) return void response.writeHead(401, { 'www-authenticate': [...verdict.headers] }).end();
    const { login } = verdict;
    if (body.length === 0) return void response.writeHead(200, { 'content-type': PLAIN_TYPE }).end();
    const sealed = request.headers['content-type'] === SEALED_TYPE;
    const open = !('encrypted' in request.socket);
    if (open && !sealed && !this.door.options.allowUnencrypted)
      return void response.writeHead(415, 'Unencrypted traffic is disabled').end();
    const envelope = sealed ? unsealMessage(login.seal!.from, body) : body;
    const { status, xml } = await this.answer(envelope);
    this.reply(response, login, sealed, status, xml);
  }

  private reply(response: http.ServerResponse, login: Login, sealed: boolean, status: number, xml: string): void {
    const plain = Buffer.from(xml);
    const body = sealed ? sealMessage(login.seal!.to, plain) : plain;
    response.writeHead(status, { 'content-type': sealed ? SEALED_TYPE : PLAIN_TYPE, 'content-length': body.length });
    response.end(body);
  }

  private async answer(envelope: Buffer): Promise<{ status: number; xml: string }> {
    const root = parseXml(envelope.toString());
    const header = findXml(root, 'Header')!;
    const body = findXml(root, 'Body')!;
    const action = findXml(header, 'Action')!.text.split('/').at(-1)!;
    const id = findXml(header, 'MessageID')!.text;
    try {
      if (envelope.length > (this.options.maxEnvelopeSize ?? 512_000))
        throw new Fault(
          'EncodingLimit',
          2150858835,
          'The WS-Management service cannot process the request because the envelope is too large.',
        );
      this.actions.push(action);
      this.onAction(action);
      return { status: 200, xml: reply(id, action, await this.act(action, header, body)) };
    } catch (error) {
      if (error instanceof Fault) return { status: 500, xml: reply(id, 'fault', error.xml()) };
      throw error;
    }
  }

  private async act(action: string, header: XmlElement, body: XmlElement): Promise<string> {
    if (action === 'Create') return this.createShell(body);
    const selector = header.children.find(({ name }) => name === 'SelectorSet')?.children[0]?.text ?? '';
    const shell = this.shells.get(selector);
    if (!shell)
      throw new Fault(
        'InvalidSelectors',
        2150858843,
        'The request for the Windows Remote Shell with ShellId failed because the shell was not found on the server.',
      );
    const named = (name: string): XmlElement => findXml(body, name)!;
    const command = (element: XmlElement): RunningCommand => {
      const found = shell.commands.get(element.attributes['CommandId'] ?? '');
      if (!found) throw new Fault('InvalidParameter', 2150858843, 'The command was not found.');
      return found;
    };
    switch (action) {
      case 'Delete':
        shell.end();
        this.shells.delete(shell.id);
        return '';
      case 'Command': {
        const args = named('CommandLine').children.filter(({ name }) => name === 'Arguments');
        const line = [named('Command').text, ...args.map(({ text }) => text)].join(' ');
        this.lines.push(line);
        const started = new RunningCommand(line, this.machine, shell.env);
        shell.commands.set(started.id, started);
        return `<rsp:CommandResponse><rsp:CommandId>${started.id}</rsp:CommandId></rsp:CommandResponse>`;
      }
      case 'Send': {
        const stream = named('Stream');
        const to = command(stream);
        // As a pipe says it that nobody reads.
        if (to.exitCode !== undefined) throw new Fault('InternalError', 232, 'The pipe is being closed.');
        to.stdin.push(Buffer.from(stream.text, 'base64'));
        if (/^(true|1)$/i.test(stream.attributes['End'] ?? '')) to.stdin.end();
        return '<rsp:SendResponse/>';
      }
      case 'Signal':
        command(named('Signal')).end();
        if (named('Code').text.endsWith('/terminate')) shell.commands.delete(named('Signal').attributes['CommandId']!);
        return '<rsp:SignalResponse/>';
      case 'Receive':
        return this.receive(command(named('DesiredStream')), header);
      default:
        throw new Fault('ActionNotSupported', 2150858817, `the action ${action} is not supported`);
    }
  }

  private createShell(body: XmlElement): string {
    if (this.options.denyShells === true) throw new Fault('AccessDenied', 5, 'Access is denied.');
    const variables = findXml(body, 'Environment')?.children ?? [];
    const shell = new Shell(Object.fromEntries(variables.map(({ attributes, text }) => [attributes['Name']!, text])));
    this.shells.set(shell.id, shell);
    return (
      `<x:ResourceCreated><a:Address>http://127.0.0.1:${this.port}/wsman</a:Address><a:ReferenceParameters>` +
      `<w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd</w:ResourceURI>` +
      `<w:SelectorSet><w:Selector Name="ShellId">${shell.id}</w:Selector></w:SelectorSet>` +
      `</a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>${shell.id}</rsp:ShellId></rsp:Shell>`
    );
  }

  private async receive(command: RunningCommand, header: XmlElement): Promise<string> {
    const [, seconds = '60'] = /PT([\d.]+)S/.exec(findXml(header, 'OperationTimeout')?.text ?? '') ?? [];
    const most = Math.floor(Number(findXml(header, 'MaxEnvelopeSize')!.text) * 0.6) - 2000;
    const printed = await command.receive(Number(seconds) * 1000, most);
    if (printed.length === 0 && !command.done)
      throw new Fault(
        'TimedOut',
        2150858793,
        'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.',
        'Receiver',
      );
    const streams = printed.map(
      ({ stream, data }) =>
        `<rsp:Stream Name="${stream}" CommandId="${command.id}">${data.toString('base64')}</rsp:Stream>`,
    );
    const ends = ['stdout', 'stderr'].map(
      (name) => `<rsp:Stream Name="${name}" CommandId="${command.id}" End="true"/>`,
    );
    const state = `http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/${command.done ? 'Done' : 'Running'}`;
    const code = command.done ? `<rsp:ExitCode>${command.exitCode}</rsp:ExitCode>` : '';
    return (
      `<rsp:ReceiveResponse>${streams.join('')}${command.done ? ends.join('') : ''}` +
      `<rsp:CommandState CommandId="${command.id}" State="${state}">${code}</rsp:CommandState></rsp:ReceiveResponse>`
    );
  }
}

/** A fault as Windows words it. */
class Fault extends Error {
  constructor(
    readonly subcode: string,
    readonly code: number,
    message: string,
    readonly side = 'Sender',
  ) {
    super(message);
  }

  xml(): string {
    return (
      `<s:Fault><s:Code><s:Value>s:${this.side}</s:Value><s:Subcode><s:Value>w:${this.subcode}</s:Value></s:Subcode></s:Code>` +
      `<s:Reason><s:Text xml:lang="en-US">${escapeXml(this.message)}</s:Text></s:Reason><s:Detail>` +
      `<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${this.code}" Machine="127.0.0.1">` +
      `<f:Message>${escapeXml(this.message)}</f:Message></f:WSManFault></s:Detail></s:Fault>`
    );
  }
}

function reply(to: string, action: string, body: string): string {
  return (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" ' +
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ' +
    'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">' +
    `<s:Header><a:Action>${action}Response</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
    `<a:RelatesTo>${escapeXml(to)}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}
