import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { inWords, SshFailure } from './failure';

/** A name or address, and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Opens a TCP connection, with Nagle's algorithm off: what is sent here is either small and urgent or already large. */
export function connectTcp({ host, port }: Address, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true, keepAlive: true, autoSelectFamily: true });
    const stop = (): void => void socket.destroy(signal.reason as Error);
    const done = (): void => {
      signal.removeEventListener('abort', stop);
      socket.removeListener('error', onError);
    };
    const onError = (error: NodeJS.ErrnoException): void => {
      done();
      reject(signal.aborted ? (signal.reason as Error) : failureOf(error));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      done();
      resolve(socket);
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** A name that is not known may come to be known, but a misspelt one never: it is tried like a login. */
function failureOf(error: NodeJS.ErrnoException): SshFailure {
  const attempts = (error as unknown as AggregateError).errors as NodeJS.ErrnoException[] | undefined;
  const first = attempts?.[0] ?? error;
  const phase = first.syscall === 'getaddrinfo' ? 'address' : 'TCP';
  return new SshFailure(phase, inWords(first), { cause: error });
}

/** Reads from a stream until `enough` finds the end of an answer in what came; what came after it goes back. */
export function readAnswer(
  stream: Duplex,
  enough: (data: Buffer) => number | undefined,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let data = Buffer.alloc(0);
    const settle = (action: () => void): void => {
      stream.removeListener('data', onData).removeListener('error', onError).removeListener('close', onClose);
      signal.removeEventListener('abort', onAbort);
      stream.pause();
      action();
    };
    const onData = (chunk: Buffer): void => {
      data = Buffer.concat([data, chunk]);
      const length = enough(data);
      if (length === undefined) return;
      settle(() => {
        if (data.length > length) stream.unshift(data.subarray(length));
        resolve(data.subarray(0, length));
      });
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onClose = (): void => settle(() => reject(new Error('it broke the connection off')));
    const onAbort = (): void => settle(() => reject(signal.reason as Error));
    stream.on('data', onData).on('error', onError).on('close', onClose).resume();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
