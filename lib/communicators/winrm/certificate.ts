import { createHash } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { inWords } from '../ssh/failure';
import { WinrmFailure } from './failure';
import type { Settings } from './settings';

/** Speaks TLS over a socket, and looks at the machine's certificate before anything is said. */
export async function secured(
  socket: Socket,
  host: string,
  { ca, certificate, fingerprints, target }: Settings,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  const secure = tls.connect({
    socket,
    // A name only: an address is no server name (RFC 6066, 3).
    ...(isIP(host) === 0 && { servername: host }),
    host,
    ...(ca !== undefined && { ca }),
    // Windows asks for our certificate late, when it knows what we want; TLS 1.3 has another way for that, which Node.js lacks.
    ...(certificate && { ...certificate, maxVersion: 'TLSv1.2' }),
    // What is wrong with it is said here, in words.
    rejectUnauthorized: false,
  });
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => void secure.destroy(signal.reason as Error);
    const done = (action: () => void): void => {
      signal.removeEventListener('abort', stop);
      secure.removeListener('error', onError).removeListener('close', onClose);
      action();
    };
    const fail = (message: string, cause?: unknown): void =>
      done(() =>
        reject(signal.aborted ? (signal.reason as Error) : new WinrmFailure('certificate', message, { cause })),
      );
    const onError = (error: Error): void => fail(`no TLS: ${inWords(error)}`, error);
    const onClose = (): void => fail('the other side broke TLS off');
    secure
      .once('secureConnect', () => done(resolve))
      .once('error', onError)
      .once('close', onClose);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  const failure = judge(secure, fingerprints, target.insecure === true);
  if (!failure) return secure;
  secure.on('error', () => undefined).destroy();
  throw failure;
}

function judge(secure: tls.TLSSocket, fingerprints: readonly string[], insecure: boolean): WinrmFailure | undefined {
  const shown = secure.getPeerCertificate().fingerprint256;
  if (fingerprints.length > 0) {
    if (fingerprints.includes(shown)) return undefined;
    return new WinrmFailure(
      'certificate',
      `the machine's certificate is not the one that is known: known is ${fingerprints.join(', ')}, it showed ${shown}`,
      {
        hopeless: true,
        hint: 'either somebody is in between, or the machine was made anew; where you know that it was, change `fingerprint`',
      },
    );
  }
  if (insecure || secure.authorized) return undefined;
  const why = String(secure.authorizationError ?? 'unknown').replace(/^Error: /, '');
  return new WinrmFailure(
    'certificate',
    `the machine's certificate is not trusted (${why}); its SHA-256 fingerprint is ${shown}`,
    {
      hopeless: true,
      hint: `where you know that it is the right one, say \`fingerprint: '${shown}'\`; \`caFile\` names who signed it; \`insecure: true\` takes any`,
    },
  );
}

/** Algorithms that certificates are signed by, as in their encoding, where it is not SHA-256 that they are hashed by (RFC 5929, 4.1). */
const HASHES: readonly (readonly [string, string])[] = [
  ['2a864886f70d01010c', 'sha384'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040304', 'sha512'],
];

/** What NTLM binds a login to: the machine's certificate, so that nobody in between can use it (RFC 5929, 4; RFC 2744, 3.11). */
export function channelBindings(secure: tls.TLSSocket): Buffer {
  const { raw } = secure.getPeerCertificate();
  // The algorithm stands before the signature, at the end.
  const tail = raw.subarray(-600).toString('hex');
  const [, hash = 'sha256'] = HASHES.find(([oid]) => tail.includes(oid)) ?? [];
  const data = Buffer.concat([Buffer.from('tls-server-end-point:'), createHash(hash).update(raw).digest()]);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(data.length, 16);
  return createHash('md5').update(head).update(data).digest();
}
