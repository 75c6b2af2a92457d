import type { Duplex } from 'node:stream';
import type { SshConfig } from './props';

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> | undefined };

/** A connection that is none of TCP, with what is used of a socket besides. */
export interface Dialed extends Duplex {
  /** Tells when nothing was read or written for so many milliseconds. */
  setTimeout(ms: number, late: () => void): unknown;
  /** Destroys it when all that was written has gone out. */
  destroySoon(): void;
}

/** Where to connect to: the resolved props, and what only the platform knows. */
export interface SshTarget extends Given<Omit<SshConfig, 'host' | 'port' | 'username'>> {
  readonly host: string;
  /** @default 22 */
  readonly port?: number | undefined;
  readonly username: string;
  /** A private key that the platform made, as text. */
  readonly privateKey?: string | undefined;
  /** Host keys that the platform gave the machine: lines as in authorized_keys, or fingerprints `SHA256:…`. */
  readonly pinnedHostKeys?: readonly string[] | undefined;
  /** What the machine showed last on its console: for the error. */
  readonly console?: (() => Promise<string | undefined>) | undefined;
  /** Asked before each try: the address may come late, or change. */
  readonly resolve?: (() => Promise<{ readonly host: string; readonly port: number }>) | undefined;
  /** How the machine is connected to, in place of TCP. */
  readonly dial?: ((signal: AbortSignal) => Promise<Dialed>) | undefined;
  /** A login that is refused may be accepted later: the machine is just being made, and its key not there yet. */
  readonly authMayComeLate?: boolean | undefined;
}
