import * as net from 'node:net';
import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { AgentStream } from '../../../communicators/session-manager/agent-stream';
import type { Session, SessionCalls } from '../../../communicators/session-manager/session';
import { explainErrno } from '../../../util/errno';
import type { Api } from '../api/api';
import { isNotFound, reasonOf } from '../api/errors';

/** AWS's own document for such sessions. */
const DOCUMENT = 'AWS-StartPortForwardingSession';
/** How often the agent is looked for while it comes up, in milliseconds. */
const LOOK = 3_000;

/** Connections to a port of an instance, by Session Manager: as many as are wanted, anew when a session is over. */
export class PortSessions {
  private readonly open = new Set<Session>();
  private opening: Promise<Session> | undefined;
  private readonly servers: net.Server[] = [];
  private readonly closed = new AbortController();

  constructor(
    private readonly api: Api,
    private readonly instance: string,
    private readonly port: number,
    private readonly ctx: RunContext,
  ) {}

  /**
   * Waits until the agent is there, for `timeout` milliseconds. `look` is called now and then: it throws where waiting is of no use.
   *
   * @throws GoldsmithError CONNECT_FAILED, ACCESS_DENIED
   */
  async ready(timeout: number, look: () => Promise<void>): Promise<void> {
    const { clock, signal } = this.ctx;
    const end = clock.now() + timeout;
    for (let turn = 1; ; turn += 1) {
      try {
        await this.session(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (GoldsmithError.is(error) && !isComing(error)) throw error;
        if (turn === 1) this.ctx.say(`waiting for the SSM agent of ${this.instance}`);
        if (clock.now() + LOOK > end) throw this.notThere(timeout, error);
        if (turn % 5 === 0) await look();
        await clock.sleep(LOOK, signal);
      }
    }
  }

  /** Opens a connection to the port. */
  async dial(signal: AbortSignal): Promise<AgentStream> {
    const session = await this.session(signal).catch((error: unknown) => {
      // A machine that restarts is not there for a while.
      throw isComing(error) ? new Error(messageOf(error), { cause: error }) : error;
    });
    const stream = session.connect();
    // Whoever takes it hears of its end; until then nobody does.
    stream.on('error', () => undefined);
    // An agent that does not even say that nothing listens may have been restarted, and know nothing of the session.
    stream.once('close', () => {
      if (!stream.hasAnswered) this.drop(session);
    });
    return stream;
  }

  /** Listens on a port of this machine that leads there; 0 is any that is free. */
  async listen(port: number): Promise<number> {
    const server = net.createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined);
      this.dial(this.closed.signal).then(
        (stream) => {
          stream.on('error', () => socket.destroy()).once('close', () => socket.destroySoon());
          socket.once('close', () => stream.destroySoon());
          socket.pipe(stream).pipe(socket);
        },
        () => socket.resetAndDestroy(),
      );
    });
    this.servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve());
    }).catch((error: unknown) => {
      throw explainErrno(error, `listening at 127.0.0.1:${port} (\`sessionManagerPort\`)`);
    });
    return (server.address() as net.AddressInfo).port;
  }

  /** Ends all of it. */
  async close(): Promise<void> {
    this.closed.abort(new Error('the connection is closed'));
    for (const server of this.servers) server.close();
    await Promise.all([...this.open].map((session) => session.close()));
    this.open.clear();
  }

  private async session(signal: AbortSignal): Promise<Session> {
    this.closed.signal.throwIfAborted();
    for (const session of this.open) if (session.canConnect) return session;
    this.opening ??= this.start(AbortSignal.any([signal, this.closed.signal])).finally(
      () => (this.opening = undefined),
    );
    return this.opening;
  }

  private async start(signal: AbortSignal): Promise<Session> {
    const { Session: Kind } =
      require('../../../communicators/session-manager/session') as typeof import('../../../communicators/session-manager/session');
    const session = await Kind.open(this.calls(), this.ctx.clock, signal);
    this.open.add(session);
    return session;
  }

  private drop(session: Session): void {
    if (this.open.delete(session)) void session.close();
  }

  private calls(): SessionCalls {
    const { api } = this;
    return {
      start: async (signal) => {
        const Parameters = { portNumber: [String(this.port)] };
        const input = { Target: this.instance, DocumentName: DOCUMENT, Reason: 'goldsmith', Parameters };
        const { SessionId, StreamUrl, TokenValue } = await api.call('ssm:StartSession', input, signal);
        this.ctx.secret(TokenValue!);
        return { id: SessionId!, url: StreamUrl!, token: TokenValue! };
      },
      resume: async (SessionId) => {
        const { TokenValue } = await api.call('ssm:ResumeSession', { SessionId });
        if (TokenValue === undefined || TokenValue === '') return undefined;
        this.ctx.secret(TokenValue);
        return TokenValue;
      },
      terminate: async (SessionId) => {
        // It ends by itself as well, with the instance at the latest.
        await api.call('ssm:TerminateSession', { SessionId }).catch(() => undefined);
      },
      options: async (url) => ({
        headers: await api.signedHeaders(url.replace(/^ws/, 'http'), 'ssmmessages'),
        insecure: api.isInsecure,
      }),
    };
  }

  private notThere(timeout: number, error: unknown): GoldsmithError {
    const waited = `${Math.round(timeout / 1000)} s`;
    return new GoldsmithError(
      'CONNECT_FAILED',
      `Session Manager did not reach ${this.instance} in ${waited}: ${messageOf(error)}`,
      {
        hint: 'the image needs the SSM agent, the instance a profile with AmazonSSMManagedInstanceCore, and a way to the endpoints of Systems Manager',
        cause: error,
      },
    );
  }
}

/** Whether the agent, or the instance, is not known yet. */
function isComing(error: unknown): boolean {
  return reasonOf(error) === 'TargetNotConnected' || isNotFound(error) || !GoldsmithError.is(error);
}
