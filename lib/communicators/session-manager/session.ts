import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { GoldsmithError, messageOf } from '../../errors';
import type { Clock } from '../../extension/context';
import { withinTime } from '../../util/within-time';
import { AgentStream } from './agent-stream';
import { answerHandshake, isAfter, NO_KEEPALIVE_AFTER, openDataChannel, SEVERAL_AFTER } from './handshake';
import type { HandshakeRequest } from './handshake';
import { decodeMessage, FLAG, flagPayload, PAYLOAD, type AgentMessage } from './message';
import { Messages } from './messages';
import { Smux } from './smux';
import { openWebSocket, type WebSocketOptions } from './web-socket';

/** A session as the service gives it. */
export interface StartedSession {
  readonly id: string;
  readonly url: string;
  readonly token: string;
}

/** The service's calls that a session needs. */
export interface SessionCalls {
  start(signal: AbortSignal): Promise<StartedSession>;
  /** A new token; undefined where the session is over. */
  resume(id: string): Promise<string | undefined>;
  terminate(id: string): Promise<void>;
  /** How its web socket is opened. */
  options(url: string): Promise<WebSocketOptions>;
}

// Milliseconds. How long the agent may take to answer is ours, the rest `src/config/config.go` of the plugin and smux's `mux.go`.
const AGENT_ANSWERS = 30_000;
const PING = 300_000;
const KEEPALIVE = 10_000;
const RESUMES = 5;
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;

/** A session to a port of a machine: connections go over a web socket to the agent there. It is resumed when that breaks. */
export class Session {
  private readonly clientId = randomUUID();
  private readonly over = new AbortController();
  private readonly messages: Messages;
  private readonly mux: Smux;
  private ready!: (agent: string) => void;
  private readonly agent = new Promise<string>((resolve) => (this.ready = resolve));
  private version = '';
  private socket: WebSocket | undefined;
  private plain: AgentStream | undefined;
  /** How often in a row it was resumed, and nothing came. */
  private fruitless = 0;

  private constructor(
    private readonly calls: SessionCalls,
    private readonly started: StartedSession,
    private readonly clock: Clock,
  ) {
    this.messages = new Messages('input_stream_data', clock, {
      onPayload: (type, payload) => this.onPayload(type, payload),
      onSilence: () => this.socket?.terminate(),
      onDead: () => this.end(new Error('the agent does not take anything any more')),
    });
    this.mux = new Smux({ write: (data) => this.messages.write(data), hold: (isHeld) => this.messages.hold(isHeld) });
  }

  /**
   * Opens one.
   *
   * @throws whatever `start` throws; Error where the agent does not answer
   */
  static async open(calls: SessionCalls, clock: Clock, signal: AbortSignal): Promise<Session> {
    const session = new Session(calls, await calls.start(signal), clock);
    const late = (): Error => new Error(`the agent did not answer in ${AGENT_ANSWERS / 1000} s`);
    try {
      await withinTime(clock, AGENT_ANSWERS, signal, late, (inTime) => session.begin(inTime));
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Whether another connection can be opened: older agents carry one. */
  get canConnect(): boolean {
    return !this.over.signal.aborted && (this.isMultiple || this.plain === undefined);
  }

  /** Connects to the port. */
  connect(): AgentStream {
    this.over.signal.throwIfAborted();
    if (this.isMultiple) return this.mux.connect();
    const ends = {
      send: (data: Buffer) => this.messages.write(data),
      finish: () => {
        this.messages.send(PAYLOAD.flag, flagPayload(FLAG.disconnectFromPort));
        return Promise.resolve();
      },
      wanted: () => this.messages.hold(false),
      gone: () => this.messages.hold(false),
    };
    return (this.plain = new AgentStream(ends, Infinity));
  }

  /** Ends it, and everything that goes over it. */
  async close(): Promise<void> {
    const reason = new Error('the session is closed');
    if (this.version !== '') this.messages.send(PAYLOAD.flag, flagPayload(FLAG.terminateSession));
    await this.calls.terminate(this.started.id).finally(() => this.end(reason));
  }

  private get isMultiple(): boolean {
    return isAfter(this.version, SEVERAL_AFTER);
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { over } = this;
    const stop = (): void => this.end(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    const ended = new Promise<never>((_resolve, reject) => {
      const fail = (): void => reject(over.signal.reason as Error);
      over.signal.addEventListener('abort', fail, { once: true });
      if (over.signal.aborted) fail();
    });
    ended.catch(() => undefined);
    try {
      await Promise.race([this.dial(this.started.token), ended]);
      this.version = await Promise.race([this.agent, ended]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    void this.every(PING, () => this.socket?.ping('keepalive'));
    if (this.isMultiple && !isAfter(this.version, NO_KEEPALIVE_AFTER)) {
      void this.every(KEEPALIVE, () => this.mux.nothing());
    }
  }

  private async dial(token: string): Promise<void> {
    const { url } = this.started;
    const socket = await openWebSocket(url, await this.calls.options(url));
    if (this.over.signal.aborted) {
      socket.terminate();
      return;
    }
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.onMessage(data));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (this.socket !== socket || this.over.signal.aborted) return;
      this.messages.detach();
      void this.resume();
    });
    socket.send(openDataChannel(token, this.clientId, randomUUID()));
    this.messages.attach({ send: (message) => socket.send(message, () => undefined) });
  }

  private async resume(): Promise<void> {
    const { signal } = this.over;
    let why = 'the service breaks every connection off';
    while (!signal.aborted && this.fruitless < RESUMES) {
      const wait = Math.min(FIRST_WAIT * 2 ** this.fruitless++, LONGEST_WAIT);
      try {
        await this.clock.sleep(wait, signal);
        const token = await this.calls.resume(this.started.id);
        if (token !== undefined) await this.dial(token);
        else this.end(new Error('the session is over'));
        return;
      } catch (error) {
        why = messageOf(error);
      }
    }
    this.end(new Error(`the session could not be resumed: ${why}`));
  }

  private onMessage(data: Buffer): void {
    let message: AgentMessage;
    try {
      message = decodeMessage(data);
    } catch {
      // It is sent again when it is not acknowledged.
      return;
    }
    this.fruitless = 0;
    if (message.type === 'channel_closed') this.end(new Error(closing(message)));
    else this.messages.take(message);
  }

  private onPayload(type: number, payload: Buffer): void {
    if (type === PAYLOAD.handshakeRequest) {
      const request = JSON.parse(payload.toString('utf8')) as HandshakeRequest;
      const { response, refused } = answerHandshake(request);
      this.messages.send(PAYLOAD.handshakeResponse, response);
      if (refused !== undefined) this.end(new GoldsmithError('CONNECT_FAILED', refused));
      this.version = request.AgentVersion;
    } else if (type === PAYLOAD.handshakeComplete) this.ready(this.version);
    else if (type === PAYLOAD.data) this.onData(payload);
    else if (type === PAYLOAD.flag && payload.readUInt32BE(0) === FLAG.cannotConnectToPort) {
      this.mux.refuse(new Error('the agent cannot connect to the port: nothing listens there'));
    }
  }

  private onData(payload: Buffer): void {
    if (this.isMultiple) this.mux.feed(payload);
    else if (this.plain?.receive(payload) === false) this.messages.hold(true);
  }

  private async every(ms: number, act: () => void): Promise<void> {
    const { signal } = this.over;
    while (!signal.aborted) {
      await this.clock.sleep(ms, signal).catch(() => undefined);
      if (!signal.aborted && this.socket?.readyState === 1) act();
    }
  }

  private end(reason: Error): void {
    if (this.over.signal.aborted) return;
    this.over.abort(reason);
    this.messages.end(reason);
    this.mux.destroy(reason);
    this.plain?.destroy(reason);
    this.socket?.terminate();
  }
}

function closing({ payload }: AgentMessage): string {
  const { Output = '' } = JSON.parse(payload.toString('utf8') || '{}') as { readonly Output?: string };
  return Output === '' ? 'the agent ended the session' : `the agent ended the session: ${Output}`;
}
