import type { Duplex } from 'node:stream';
import type {
  Algorithms,
  AnyAuthMethod,
  AuthenticationType,
  CipherAlgorithm,
  Client,
  KexAlgorithm,
  ServerHostKeyAlgorithm,
} from 'ssh2';
import { GoldsmithError } from '../../errors';
import { signCertificatesRightly } from './certificate';
import type { Offer } from './credentials';
import { inWords, SshFailure, type Phase } from './failure';
import type { HostKeyCheck } from './host-key';

/** What a handshake needs to know. */
export interface HandshakeOptions {
  readonly username: string;
  readonly offers: readonly Offer[];
  /** Where those that were tried are named. */
  readonly offered: string[];
  readonly hostKey: HostKeyCheck;
  readonly agent?: string | undefined;
  readonly ciphers?: readonly string[] | undefined;
  readonly kex?: readonly string[] | undefined;
  /** Milliseconds; 0 for none. */
  readonly keepAlive: number;
  readonly onPhase: (phase: Phase) => void;
}

/** Keepalives that may stay without an answer. */
const LOST_KEEPALIVES = 3;

/** Speaks SSH over a stream until the login is accepted. The stream is destroyed where it is not. */
export function handshake(stream: Duplex, options: HandshakeOptions, signal: AbortSignal): Promise<Client> {
  const ssh2 = require('ssh2') as typeof import('ssh2');
  const client = new ssh2.Client();
  const progress = { phase: 'banner' as Phase };
  const enter = (phase: Phase): void => {
    progress.phase = phase;
    options.onPhase(phase);
  };
  const { offered } = options;
  let tried = 0;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', onAbort);
      // ssh2 goes on telling of errors while it closes.
      client.on('error', () => undefined);
      client.destroy();
      stream.destroy();
      reject(error as Error);
    };
    const onAbort = (): void => fail(signal.reason);
    const onError = (error: Error & { level?: string }): void => {
      // ssh2 goes on with the next way to log in.
      if (error.level === 'agent') {
        offered.push(`the agent (${error.message})`);
        return;
      }
      fail(
        error instanceof SshFailure || GoldsmithError.is(error)
          ? error
          : explained(progress.phase, error, options, offered),
      );
    };
    const onClose = (): void => onError(new Error('the other side broke the connection off'));
    client.on('error', onError).once('close', onClose);
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort);
      client.removeListener('error', onError).removeListener('close', onClose);
      resolve(client);
    });
    client.once('handshake', () => {
      enter('authentication');
      // Not before: what writes packets is replaced when the keys are.
      signCertificatesRightly(client);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
      return;
    }
    enter('banner');
    try {
      client.connect({
        sock: stream,
        username: options.username,
        // Deadlines are ours, by the clock of the run.
        readyTimeout: 0,
        keepaliveInterval: options.keepAlive,
        keepaliveCountMax: LOST_KEEPALIVES,
        algorithms: algorithmsOf(options),
        ...(options.agent !== undefined && { agent: options.agent, agentForward: true }),
        hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
          if (progress.phase !== 'authentication') enter('host key');
          options.hostKey.check(key).then(
            () => verify(true),
            (error: unknown) => fail(error),
          );
        },
        authHandler: ((
          left: AuthenticationType[] | null,
          _partial: boolean,
          next: (method: AnyAuthMethod | false) => void,
        ) => next(nextOffer(left) ?? false)) as never,
      });
    } catch (error) {
      onError(error as Error);
      return;
    }
    stream.once('data', () => enter('key exchange'));
  });

  function nextOffer(left: readonly AuthenticationType[] | null): AnyAuthMethod | undefined {
    while (tried < options.offers.length) {
      const { what, method } = options.offers[tried++]!;
      const kind = method.type === 'agent' ? 'publickey' : method.type;
      const possible = left === null || left.includes(kind);
      offered.push(possible ? what : `${what} (the machine does not take it)`);
      if (possible) return method;
    }
    return undefined;
  }
}

function explained(
  phase: Phase,
  error: Error & { level?: string },
  options: HandshakeOptions,
  offered: readonly string[],
): SshFailure {
  if (error.level === 'client-authentication') {
    return new SshFailure('authentication', `the machine refused to let \`${options.username}\` log in`, {
      offered,
      cause: error,
    });
  }
  if (/no matching/i.test(error.message)) {
    return new SshFailure('key exchange', `the machine and goldsmith have no algorithm in common: ${error.message}`, {
      hopeless: true,
      hint: 'allow more with `ciphers` and `keyExchangeAlgorithms`',
      cause: error,
    });
  }
  return new SshFailure(phase, inWords(error), { cause: error, ...(phase === 'authentication' && { offered }) });
}

const HOST_KEYS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** What is offered; of the host keys those first that are known. AES-GCM is by far the fastest where the processor has AES. */
function algorithmsOf({ ciphers, kex, hostKey }: HandshakeOptions): Algorithms {
  const known = (algorithm: string): boolean =>
    hostKey.types.some((type) => type === algorithm || (type === 'ssh-rsa' && algorithm.startsWith('rsa-')));
  return {
    serverHostKey: [...HOST_KEYS.filter(known), ...HOST_KEYS.filter((algorithm) => !known(algorithm))],
    compress: ['none'],
    ...(ciphers && { cipher: ciphers as CipherAlgorithm[] }),
    ...(kex && { kex: kex as KexAlgorithm[] }),
  };
}
