import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { AV, fileTime, readPairs, responseKeyOf, utf16, writePairs } from '../../communicators/winrm/ntlm/messages';
import { Rc4 } from '../../communicators/winrm/ntlm/rc4';
import { hmacMd5, Sealer } from '../../communicators/winrm/ntlm/seal';

/** How somebody may log in. */
export interface AuthOptions {
  readonly users: ReadonlyMap<string, string>;
  readonly basic: boolean;
  /** The scheme of its header; Windows calls it Negotiate. */
  readonly ntlm?: 'NTLM' | 'Negotiate' | undefined;
  /** SHA-256 of the certificates that may log in, as Node shows it. */
  readonly certificates: readonly string[];
  readonly allowUnencrypted: boolean;
}

/** What a connection is allowed. */
export interface Login {
  readonly user: string;
  readonly seal?: { readonly from: Sealer; readonly to: Sealer };
}

/** The answer to who somebody is: let in, or what to tell them. */
export type Verdict = { readonly login: Login } | { readonly headers: readonly string[] };

interface State {
  negotiate?: Buffer;
  challenge?: Buffer;
  login?: Login;
}

const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';

/** Judges logins, connection by connection. */
export class Door {
  private readonly states = new WeakMap<Socket, State>();
  /** How often somebody was refused. */
  refusals = 0;

  constructor(readonly options: AuthOptions) {}

  judge(request: IncomingMessage): Verdict {
    const { socket } = request;
    const state = this.states.get(socket) ?? {};
    this.states.set(socket, state);
    const encrypted = 'encrypted' in socket;
    const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
    if (scheme === '' && state.login) return { login: state.login };
    if (scheme === MUTUAL && encrypted) {
      const print = (socket as TLSSocket).getPeerCertificate().fingerprint256;
      if (this.options.certificates.includes(print)) return { login: { user: 'certificate' } };
    }
    if (scheme === 'Basic' && this.options.basic && (encrypted || this.options.allowUnencrypted)) {
      const [, user = '', password] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, 'base64').toString()) ?? [];
      if (this.options.users.get(user) === password) return { login: { user } };
    }
    if (scheme !== '' && scheme === this.options.ntlm) {
      const message = Buffer.from(value, 'base64');
      if (message.readUInt32LE(8) === 1) {
        state.negotiate = message;
        state.challenge = challenge(scheme === 'Negotiate' ? 'WIN-TEST' : 'ACME');
        return { headers: [`${scheme} ${state.challenge.toString('base64')}`] };
      }
      const login = state.challenge && this.proven(message, state, socket);
      if (login) return { login: (state.login = login) };
    }
    if (scheme !== '') this.refusals += 1;
    return { headers: this.offers(encrypted) };
  }

  private offers(encrypted: boolean): string[] {
    const { basic, ntlm, allowUnencrypted } = this.options;
    return [...(ntlm ? [ntlm] : []), ...(basic && (encrypted || allowUnencrypted) ? ['Basic realm="WSMAN"'] : [])];
  }

  /** MS-NLMP 3.2.5.1.2. */
  private proven(message: Buffer, { negotiate, challenge: sent }: State, socket: Socket): Login | undefined {
    const field = (at: number): Buffer => {
      const offset = message.readUInt32LE(at + 4);
      return message.subarray(offset, offset + message.readUInt16LE(at));
    };
    const [response, domain, user] = [field(20), field(28).toString('utf16le'), field(36).toString('utf16le')];
    const password = this.options.users.get(user);
    if (password === undefined) return undefined;
    const key = responseKeyOf(user, domain, password);
    const [proof, blob] = [response.subarray(0, 16), response.subarray(16)];
    if (!hmacMd5(key, sent!.subarray(24, 32), blob).equals(proof)) return undefined;
    const pairs = readPairs(blob.subarray(28));
    const bindings = pairs.get(AV.channelBindings);
    if (
      bindings &&
      'encrypted' in socket &&
      !bindings.equals(Buffer.alloc(16)) &&
      !bindings.equals(bindingsOf(socket as TLSSocket))
    )
      return undefined;
    const baseKey = hmacMd5(key, proof);
    const sessionKey = new Rc4(baseKey).update(field(52));
    if (((pairs.get(AV.flags)?.[0] ?? 0) & 2) !== 0) {
      const blank = Buffer.from(message);
      blank.fill(0, 72, 88);
      if (!hmacMd5(sessionKey, negotiate!, sent!, blank).equals(message.subarray(72, 88))) return undefined;
    }
    const seal = { from: new Sealer(sessionKey, 'client-to-server'), to: new Sealer(sessionKey, 'server-to-client') };
    return { user, seal };
  }
}

function challenge(name: string): Buffer {
  const target = utf16(name);
  const pairs = writePairs(
    new Map([
      [2, target],
      [1, target],
      [4, target],
      [3, target],
      [AV.timestamp, fileTime(Date.now())],
    ]),
  );
  const head = Buffer.alloc(56);
  head.write('NTLMSSP\0');
  head.writeUInt32LE(2, 8);
  head.writeUInt16LE(target.length, 12);
  head.writeUInt16LE(target.length, 14);
  head.writeUInt32LE(56, 16);
  head.writeUInt32LE(0xe2898235, 20);
  randomBytes(8).copy(head, 24);
  head.writeUInt16LE(pairs.length, 40);
  head.writeUInt16LE(pairs.length, 42);
  head.writeUInt32LE(56 + target.length, 44);
  Buffer.from([10, 0, 0, 0, 0, 0, 0, 15]).copy(head, 48);
  return Buffer.concat([head, target, pairs]);
}

/** RFC 5929, 4, in the frame of RFC 2744, 3.11. The certificates of the tests are signed by SHA-256. */
function bindingsOf(socket: TLSSocket): Buffer {
  const own = socket.getCertificate() as { raw: Buffer };
  const data = Buffer.concat([Buffer.from('tls-server-end-point:'), createHash('sha256').update(own.raw).digest()]);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(data.length, 16);
  return createHash('md5').update(head).update(data).digest();
}
