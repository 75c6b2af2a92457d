import { readFile } from 'node:fs/promises';
import { GoldsmithError, messageOf } from '../../errors';
import type { RunContext } from '../../extension/context';
import { parseDuration } from '../../util/duration';
import type { Proxy } from '../ssh/proxy';
import { proxyOfEnvironment } from './environment-proxy';
import type { WinrmTarget } from './target';

/** What stays the same for all tries: everything read and checked that is on this side. */
export interface Settings {
  readonly target: WinrmTarget;
  readonly username: string;
  readonly password: string;
  readonly transport: 'ntlm' | 'basic' | 'certificate';
  readonly secure: boolean;
  readonly port: number;
  readonly proxy: Proxy | undefined;
  /** PEM. */
  readonly ca: string | undefined;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  /** SHA-256 of the only certificates that the machine may have; none: it must be signed. */
  readonly fingerprints: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly operationTimeout: number;
  readonly envelopeSize: number;
  readonly attempts: number;
}

const TIMEOUT = '30m';
const OPERATION_TIMEOUT = '20s';
/** What WinRM 2.0 takes, and so Packer sends: later ones take 512,000. */
const ENVELOPE = 153_600;
const ATTEMPTS = 3;

/** Reads certificates and the like: what is wrong on this side fails at once. */
export async function settingsOf(target: WinrmTarget, ctx: RunContext): Promise<Settings> {
  const { transport = 'ntlm', username = '', password, useSsl = false, certificateFile, keyFile } = target;
  if (transport !== 'certificate') {
    if (username === '') throw new GoldsmithError('INVALID_PROPS', '`username` is needed to log in by WinRM');
    if (password === undefined) throw new GoldsmithError('INVALID_PROPS', '`password` is needed to log in by WinRM');
  }
  const port = target.port ?? (useSsl ? 5986 : 5985);
  const read = (name: string, file: string | undefined): Promise<string> => readPem(name, file, ctx);
  const explicit = target.fingerprint === undefined ? (target.pinnedCertificates ?? []) : [target.fingerprint];
  const proxy =
    target.noProxy === true
      ? undefined
      : (target.proxy ?? proxyOfEnvironment({ host: target.host, port, secure: useSsl }, ctx.env));
  if (proxy?.password !== undefined) ctx.secret(proxy.password);
  return {
    target,
    username,
    password: password ?? '',
    transport,
    secure: useSsl,
    port,
    proxy,
    ca: target.caFile === undefined ? undefined : await read('caFile', target.caFile),
    certificate:
      transport === 'certificate'
        ? { cert: await read('certificateFile', certificateFile), key: await read('keyFile', keyFile) }
        : undefined,
    fingerprints: explicit.map((print) => print.toUpperCase()),
    timeout: parseDuration(target.timeout ?? TIMEOUT),
    operationTimeout: parseDuration(target.operationTimeout ?? OPERATION_TIMEOUT),
    envelopeSize: target.maxEnvelopeSize ?? ENVELOPE,
    attempts: target.loginAttempts ?? (target.authMayComeLate === true ? Infinity : ATTEMPTS),
  };
}

async function readPem(name: string, file: string | undefined, ctx: RunContext): Promise<string> {
  const given = file ?? '';
  const at = given.startsWith('~/') ? `${ctx.env['HOME'] ?? '~'}${given.slice(1)}` : ctx.resolvePath(given);
  const text = await readFile(at, 'utf8').catch((error: unknown) => {
    throw new GoldsmithError('INVALID_PROPS', `\`${name}\` names ${given}, which cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (!text.includes('-----BEGIN '))
    throw new GoldsmithError('INVALID_PROPS', `\`${name}\` names ${given}, which is no PEM file`, {
      hint: 'it must hold `-----BEGIN …-----`; `openssl` converts other forms',
    });
  return text;
}
