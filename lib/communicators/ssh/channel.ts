import type { ClientChannel, PseudoTtyOptions } from 'ssh2';
import { GoldsmithError, messageOf } from '../../errors';
import type { ExecResult } from '../../extension/communicator';
import type { Clock } from '../../extension/context';
import type { Line } from './line';
import type { Link } from './link';

/** A command that was started: the channel it talks through, and the connection under it. */
export interface Started {
  /** Milliseconds that it took to be started: two round trips, and what the machine needs for a session. */
  readonly took?: number;
  readonly link: Link;
  readonly channel: ClientChannel;
  /** How the command ended, once that is told. It may be told together with its start, before anybody can listen. */
  readonly exited: Promise<ExecResult>;
}

/** What comes of asking for a command. */
export type Asked = Omit<Started, 'link'> | Error;

/** How a command could not be started. */
export type NotStarted = 'disconnect';

/** Sessions that a server allows at once may all be in use: OpenSSH allows ten (`MaxSessions`). */
export const BUSY_TRIES = 8;

interface StartOptions {
  readonly signal: AbortSignal;
  readonly pty: boolean;
  /** Milliseconds that a new connection may take. */
  readonly timeout?: number | undefined;
  /** Starts it in a session that is open already, where there is one. */
  readonly askAhead?: ((link: Link, command: string) => Promise<Asked> | undefined) | undefined;
  /** Told that the server allows no more sessions on this connection, before it is asked again. */
  readonly onBusy?: (link: Link) => void;
}

/**
 * Starts a command line on the machine. Where the connection turns out to be dead before the command was asked for, a new
 * one is made; where it dies while the answer is awaited, nobody can know whether the command ran.
 */
export async function startCommand(
  line: Line,
  clock: Clock,
  command: string,
  { signal, pty, timeout, askAhead, onBusy }: StartOptions,
): Promise<Started | NotStarted> {
  for (let busy = 0, stale = 0; ;) {
    const link = await line.use(signal, timeout);
    const before = clock.now();
    const ahead = askAhead?.(link, command);
    const asked = await (ahead ?? ask(link, command, pty));
    const took = clock.now() - before;
    if (signal.aborted) {
      if (!(asked instanceof Error)) asked.channel.close();
      signal.throwIfAborted();
    }
    if (!(asked instanceof Error)) return { link, ...(!ahead && { took }), ...asked };
    // The connection is told to be lost a moment after its requests are.
    await Promise.resolve();
    if (link.lost() !== undefined || /^Not connected/.test(asked.message)) {
      if (/^Unable to exec/.test(asked.message)) return 'disconnect';
      line.forget(link);
      if (++stale > 3) throw lost(asked);
      continue;
    }
    if (/channel open failure/i.test(asked.message) && ++busy < BUSY_TRIES) {
      onBusy?.(link);
      await clock.sleep(50 * 2 ** busy, signal);
      continue;
    }
    throw refused(asked);
  }
}

/** Asks for a channel and for a command to be started on it. */
export function ask(link: Link, command: string, pty: boolean): Promise<Asked> {
  return new Promise((resolve) => {
    try {
      link.client.exec(command, pty ? { pty: TERMINAL as PseudoTtyOptions } : {}, (error, channel) => {
        if (error) {
          resolve(error);
          return;
        }
        const exited = new Promise<ExecResult>((tell) => {
          channel.once('exit', (code: number | null, signal?: string) =>
            tell(code === null ? { ended: 'signal', signal: signal ?? 'SIGKILL' } : { ended: 'exit', code }),
          );
        });
        resolve({ channel, exited });
      });
    } catch (error) {
      resolve(error as Error);
    }
  });
}

/** Packer's terminal. Nothing is echoed, and ends of lines stay as they are (RFC 4254, 8: opcodes 53 and 72). */
const TERMINAL = { term: 'xterm', rows: 40, cols: 80, modes: { ECHO: 0, ONLCR: 0 } };

function lost(error: Error): GoldsmithError {
  return new GoldsmithError('CONNECTION_LOST', `the connection to the machine broke off: ${messageOf(error)}`, {
    cause: error,
  });
}

function refused(error: Error): GoldsmithError {
  const busy = /channel open failure/i.test(error.message);
  return new GoldsmithError(
    'CONNECT_FAILED',
    busy
      ? 'the machine allows no more sessions on this connection'
      : 'the machine lets this user log in, but run no command',
    {
      hint: busy ? 'raise MaxSessions in its sshd_config' : "see the login shell, and the SSH server's ForceCommand",
      cause: error,
    },
  );
}
