import { z } from 'zod';
import { text } from '../../extension/props';
import type { Text } from '../../plan/late';

/** How a machine proves who it is. */
export type SshHostKey = 'pinned' | 'known-hosts' | 'first-use' | 'insecure' | `SHA256:${string}`;

/** A machine to go through. */
export interface SshBastionProps {
  /** Name or address. */
  readonly host: Text;
  /** Port of its SSH server. @default 22 */
  readonly port?: number;
  /** Who logs in. @default - the machine's `username` */
  readonly username?: Text;
  /** Password: a `Secret`. @default - none */
  readonly password?: Text;
  /** Private key. @default - the machine's `privateKeyFile`, where neither a password nor the agent is used */
  readonly privateKeyFile?: Text;
  /** Passphrase of `privateKeyFile`: a `Secret`. @default - the key is not encrypted */
  readonly privateKeyPassphrase?: Text;
  /** Certificate of the private key. @default - none */
  readonly certificateFile?: Text;
  /** Offers the keys of the agent. @default false */
  readonly agentAuth?: boolean;
  /** How it proves who it is. @default 'first-use' */
  readonly hostKey?: 'known-hosts' | 'first-use' | 'insecure' | `SHA256:${string}`;
}

/** A proxy to go through. */
export interface SshProxyProps {
  /** Its protocol: SOCKS 5 (RFC 1928) or HTTP's CONNECT (RFC 9110, 9.3.6). */
  readonly kind: 'socks5' | 'http';
  /** Name or address. */
  readonly host: Text;
  /** Port. @default - 1080 for SOCKS 5, 3128 for HTTP */
  readonly port?: number;
  /** User, where it wants one. @default - none */
  readonly username?: Text;
  /** Password: a `Secret`. @default - none */
  readonly password?: Text;
}

const fingerprint = z
  .templateLiteral(['SHA256:', z.string()])
  .refine((value) => /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(value), 'a fingerprint as `ssh-keygen -lf` prints it');

/** Schema of a machine's `hostKey`. */
export const HOST_KEY_RULES = z.union([z.enum(['pinned', 'known-hosts', 'first-use', 'insecure']), fingerprint]);

const port = z.number().int().min(1).max(65535).optional();

/** Schema of {@link SshBastionProps}. */
export const bastionShape = z.strictObject({
  host: text(),
  port,
  username: text().optional(),
  password: text().optional(),
  privateKeyFile: text().optional(),
  privateKeyPassphrase: text().optional(),
  certificateFile: text().optional(),
  agentAuth: z.boolean().optional(),
  hostKey: z.union([z.enum(['known-hosts', 'first-use', 'insecure']), fingerprint]).optional(),
});

/** Schema of {@link SshProxyProps}. */
export const proxyShape = z.strictObject({
  kind: z.enum(['socks5', 'http']),
  host: text(),
  port,
  username: text().optional(),
  password: text().optional(),
});
