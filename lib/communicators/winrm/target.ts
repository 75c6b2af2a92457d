import type { WinrmConfig } from './props';

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> | undefined };

/** Where to connect to: the resolved props, and what only the platform knows. */
export interface WinrmTarget extends Given<Omit<WinrmConfig, 'host'>> {
  readonly host: string;
  /** SHA-256 of the certificates that the platform gave the machine, as OpenSSL prints them. */
  readonly pinnedCertificates?: readonly string[] | undefined;
  /** What the machine showed last on its console: for the error. */
  readonly console?: (() => Promise<string | undefined>) | undefined;
  /** Asked before each try: the address may come late, or change. */
  readonly resolve?: (() => Promise<{ readonly host: string; readonly port: number }>) | undefined;
  /** A login that is refused may be accepted later: the machine is just being made, and its password not set yet. */
  readonly authMayComeLate?: boolean | undefined;
}
