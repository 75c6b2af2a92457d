import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { AgentStream } from '../../../communicators/session-manager/agent-stream';
import { AgentStream as Stream } from '../../../communicators/session-manager/agent-stream';
import { isAfter, SEVERAL_AFTER } from '../../../communicators/session-manager/handshake';
import {
  decodeMessage,
  encodeMessage,
  FLAG,
  flagPayload,
  PAYLOAD,
} from '../../../communicators/session-manager/message';
import { Messages } from '../../../communicators/session-manager/messages';
import { Smux } from '../../../communicators/session-manager/smux';
import type { Clock } from '../../../extension/context';

/** Of which version the agents are that the rehearsal plays: one that carries several connections at once. */
export const AGENT_VERSION = '3.3.3598.0';

/** What an agent serves. */
export interface AgentProps {
  readonly session: string;
  readonly port: number;
  readonly clock: Clock;
  /** Connects a stream to the port; rejects where nothing listens. */
  readonly reach: (stream: Duplex) => Promise<void>;
  /** Called once, when the session is over. */
  readonly ended: () => void;
  readonly version?: string;
}

/** The agent's side of a session to a port, with the service between: whoever knows the token is let in, also again. */
export class Agent {
  /** What the next connection must know. */
  token = '';
  private socket: WebSocket | undefined;
  private readonly messages: Messages;
  private readonly mux: Smux;
  private readonly version: string;
  private plain: AgentStream | undefined;
  private hasBegun = false;
  private isOver = false;

  constructor(private readonly props: AgentProps) {
    this.version = props.version ?? AGENT_VERSION;
    this.messages = new Messages('output_stream_data', props.clock, {
      onPayload: (type, payload) => this.onPayload(type, payload),
      onSilence: () => undefined,
      onDead: () => this.close('the client does not answer'),
    });
    const carrier = {
      write: (data: Buffer) => this.messages.write(data),
      hold: (isHeld: boolean) => this.messages.hold(isHeld),
    };
    this.mux = new Smux(carrier, (stream) => void this.connect(stream));
  }

  /** Serves a connection, when its first message has the token. */
  serve(socket: WebSocket): void {
    socket.on('error', () => undefined);
    socket.once('message', (data: Buffer, isBinary) => {
      if (isBinary || this.isOver || tokenOf(data) !== this.token) {
        socket.close(1008, 'the token is not that of this session');
        return;
      }
      this.socket?.terminate();
      this.socket = socket;
      socket.on('message', (message: Buffer) => this.onMessage(message));
      socket.once('close', () => {
        if (this.socket === socket) this.messages.detach();
      });
      this.messages.attach({ send: (message) => socket.send(message, () => undefined) });
      if (!this.hasBegun) this.begin();
    });
  }

  /** Ends the session, and says so. */
  close(output = ''): void {
    if (this.isOver) return;
    this.isOver = true;
    const { session, clock } = this.props;
    const said = { MessageType: 'channel_closed', SchemaVersion: 1, SessionId: session, Output: output };
    const payload = Buffer.from(JSON.stringify(said));
    this.socket?.send(encodeMessage({ type: 'channel_closed', createdAt: clock.now(), payload }), () => undefined);
    this.socket?.close();
    this.messages.end(new Error('the session is over'));
    this.mux.destroy();
    this.plain?.destroy();
    this.props.ended();
  }

  /** Breaks the connection off, and the session not: what a network does. */
  breakOff(): void {
    this.socket?.terminate();
  }

  private begin(): void {
    this.hasBegun = true;
    const Properties = { portNumber: String(this.props.port), localPortNumber: '0', type: 'LocalPortForwarding' };
    const action = { ActionType: 'SessionType', ActionParameters: { SessionType: 'Port', Properties } };
    this.say(PAYLOAD.handshakeRequest, { AgentVersion: this.version, RequestedClientActions: [action] });
  }

  private onMessage(data: Buffer): void {
    try {
      this.messages.take(decodeMessage(data));
    } catch {
      // What was damaged is not acknowledged, and comes again.
    }
  }

  private onPayload(type: number, payload: Buffer): void {
    if (type === PAYLOAD.handshakeResponse) {
      const { Errors } = JSON.parse(payload.toString('utf8')) as { readonly Errors?: readonly string[] | null };
      if (Errors && Errors.length > 0) this.close(`handshake failed: ${Errors.join('; ')}`);
      else this.complete();
    } else if (type === PAYLOAD.data) this.onData(payload);
    else if (type === PAYLOAD.flag && payload.readUInt32BE(0) === FLAG.terminateSession) this.close();
    else if (type === PAYLOAD.flag) this.connectPlainly();
  }

  private complete(): void {
    this.say(PAYLOAD.handshakeComplete, { HandshakeTimeToComplete: 1_000_000, CustomerMessage: '' });
    if (!isAfter(this.version, SEVERAL_AFTER)) this.connectPlainly();
  }

  /** Older agents carry one connection: it is there from the beginning, and another when the client has ended it. */
  private connectPlainly(): void {
    this.plain?.destroy();
    const ends = {
      send: (data: Buffer) => this.messages.write(data),
      finish: () => Promise.resolve(),
      wanted: () => this.messages.hold(false),
      gone: () => this.messages.hold(false),
    };
    this.plain = new Stream(ends, Infinity);
    void this.connect(this.plain);
  }

  private async connect(stream: AgentStream): Promise<void> {
    stream.on('error', () => undefined);
    try {
      await this.props.reach(stream);
    } catch {
      this.messages.send(PAYLOAD.flag, flagPayload(FLAG.cannotConnectToPort));
      stream.destroy();
    }
  }

  private onData(payload: Buffer): void {
    if (!this.plain) this.mux.feed(payload);
    else if (!this.plain.receive(payload)) this.messages.hold(true);
  }

  private say(type: number, content: object): void {
    this.messages.send(type, Buffer.from(JSON.stringify(content)));
  }
}

function tokenOf(data: Buffer): string | undefined {
  try {
    return (JSON.parse(data.toString('utf8')) as { readonly TokenValue?: string }).TokenValue;
  } catch {
    return undefined;
  }
}
