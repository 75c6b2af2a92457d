import { z } from 'zod';
import { duration, props, text, type Rule } from '../../extension/props';
import type { Text } from '../../plan/late';
import type { SshBastionProps, SshProxyProps } from './hop-props';
import { bastionShape, HOST_KEY_RULES, proxyShape } from './hop-props';

export type { SshBastionProps, SshHostKey, SshProxyProps } from './hop-props';

/** Props of {@link ssh}. What a platform knows itself (address, temporary key, host keys) need not be said. */
export interface SshProps {
  /**
   * Name or address of the machine.
   * @default - the platform's
   */
  readonly host?: Text;
  /**
   * Port of its SSH server.
   * @default 22
   */
  readonly port?: number;
  /**
   * Who logs in.
   * @default - the platform's, where it makes the user
   */
  readonly username?: Text;
  /**
   * Password, also the answer to keyboard-interactive questions: a `Secret`.
   * @default - none
   */
  readonly password?: Text;
  /**
   * Private key, as OpenSSH or PEM has it: RSA, ECDSA or ED25519. `~/` is the home folder.
   * @default - the platform's temporary key pair, where it makes one
   */
  readonly privateKeyFile?: Text;
  /**
   * Passphrase of `privateKeyFile`: a `Secret`.
   * @default - the key is not encrypted
   */
  readonly privateKeyPassphrase?: Text;
  /**
   * Certificate of the private key, signed by an authority that the machine trusts.
   * @default - none
   */
  readonly certificateFile?: Text;
  /**
   * Offers the keys of the agent that `SSH_AUTH_SOCK` names.
   * @default false
   */
  readonly agentAuth?: boolean;
  /**
   * With `agentAuth`, does not let commands on the machine use the agent.
   * @default false
   */
  readonly disableAgentForwarding?: boolean;
  /**
   * The only ciphers to offer, best first.
   * @default - ssh2's list, AES-GCM first
   */
  readonly ciphers?: readonly string[];
  /**
   * The only key exchanges to offer, best first.
   * @default - ssh2's list
   */
  readonly keyExchangeAlgorithms?: readonly string[];
  /**
   * Gives commands a terminal: for programs, and for sudo, that want one. Errors then come on the same stream as output.
   * @default false
   */
  readonly pty?: boolean;
  /**
   * How long the machine may take until a command can run.
   * @default '5m'
   */
  readonly timeout?: string;
  /**
   * How often a refused login is tried. Where the platform says that the key may come late, as long as `timeout`.
   * @default 3
   */
  readonly handshakeAttempts?: number;
  /**
   * Asks the machine so often whether it is still there; `0s` never. Three answers that do not come end the connection.
   * @default '5s'
   */
  readonly keepAliveInterval?: string;
  /**
   * Ends a connection on which nothing came for so long.
   * @default - no limit but `keepAliveInterval`
   */
  readonly readWriteTimeout?: string;
  /**
   * How files go over: where it is not there, the next one is taken (sftp, then scp, then `cat`).
   * @default - a stream through the machine's shell, which is faster than both; sftp on Windows
   */
  readonly fileTransferMethod?: 'sftp' | 'scp';
  /**
   * A machine to go through.
   * @default - straight to the machine
   */
  readonly bastion?: SshBastionProps;
  /**
   * Several machines to go through, the nearest first.
   * @default - see `bastion`
   */
  readonly bastions?: readonly SshBastionProps[];
  /**
   * A proxy to go through, before any bastion.
   * @default - none
   */
  readonly proxy?: SshProxyProps;
  /**
   * Ports of the machine that lead to this side: `8080:localhost:80` listens on 8080 there and connects from here.
   * @default - none
   */
  readonly remoteTunnels?: readonly string[];
  /**
   * Ports of this side that lead through the machine: `8080:localhost:80` listens on 8080 here and connects from there.
   * @default - none
   */
  readonly localTunnels?: readonly string[];
  /**
   * Removes the temporary key from the login user's authorized_keys in the end.
   * @default - true where the platform made a temporary key pair
   */
  readonly clearAuthorizedKeys?: boolean;
  /**
   * The key pair that the platform makes for this build.
   * @default - ed25519, or what the platform needs
   */
  readonly temporaryKeyPair?: SshKeyPairProps;
  /**
   * How the machine proves who it is: `pinned` (the key that the platform gave it), `known-hosts`, `first-use` (recorded
   * in the lock file at the first connection), its fingerprint (`SHA256:…`), or `insecure`: not at all.
   * @default - 'pinned' where the platform gave it a key, else 'first-use'
   */
  readonly hostKey?: 'pinned' | 'known-hosts' | 'first-use' | 'insecure' | `SHA256:${string}`;
  /**
   * The file for `known-hosts`.
   * @default '~/.ssh/known_hosts'
   */
  readonly knownHostsFile?: Text;
  /**
   * Waits so long after the first connection, then connects again: for machines that restart once after they were made.
   * @default - no pause
   */
  readonly pauseBeforeConnecting?: string;
}

/** A key pair to make. */
export interface SshKeyPairProps {
  /** Kind of key. @default 'ed25519' */
  readonly type?: 'ed25519' | 'rsa' | 'ecdsa';
  /** Bits of the key: RSA at least 1024; ECDSA 256, 384 or 521. @default - 4096 for RSA, 521 for ECDSA */
  readonly bits?: number;
}

const tunnel = z
  .string()
  .regex(/^\d{1,5}:(\[[0-9A-Fa-f:.]+\]|[^:\s]+):\d{1,5}$/, 'a tunnel such as `8080:localhost:80`');

/** Schemas of {@link SshProps}, prop by prop. */
export const sshShape = {
  host: text().optional(),
  port: z.number().int().min(1).max(65535).optional(),
  username: text().optional(),
  password: text().optional(),
  privateKeyFile: text().optional(),
  privateKeyPassphrase: text().optional(),
  certificateFile: text().optional(),
  agentAuth: z.boolean().optional(),
  disableAgentForwarding: z.boolean().optional(),
  ciphers: z.array(z.string()).min(1).optional(),
  keyExchangeAlgorithms: z.array(z.string()).min(1).optional(),
  pty: z.boolean().optional(),
  timeout: duration().optional(),
  handshakeAttempts: z.number().int().min(1).optional(),
  keepAliveInterval: duration().optional(),
  readWriteTimeout: duration().optional(),
  fileTransferMethod: z.enum(['sftp', 'scp']).optional(),
  bastion: bastionShape.optional(),
  bastions: z.array(bastionShape).optional(),
  proxy: proxyShape.optional(),
  remoteTunnels: z.array(tunnel).optional(),
  localTunnels: z.array(tunnel).optional(),
  clearAuthorizedKeys: z.boolean().optional(),
  temporaryKeyPair: z
    .strictObject({ type: z.enum(['ed25519', 'rsa', 'ecdsa']).optional(), bits: z.number().int().optional() })
    .optional(),
  hostKey: HOST_KEY_RULES.optional(),
  knownHostsFile: text().optional(),
  pauseBeforeConnecting: duration().optional(),
} as const;

const certificateRule: Rule = ({ certificateFile, privateKeyFile }) =>
  certificateFile !== undefined && privateKeyFile === undefined
    ? '`certificateFile` needs `privateKeyFile`, the key that it was made for'
    : undefined;

const bastionRule: Rule = ({ bastion, bastions }) =>
  bastion !== undefined && bastions !== undefined
    ? 'at most one of `bastion`, `bastions` may be given, given are both'
    : undefined;

const bitsRule: Rule = ({ temporaryKeyPair }) => {
  const { type = 'ed25519', bits } = (temporaryKeyPair ?? {}) as SshKeyPairProps;
  if (bits === undefined) return undefined;
  if (type === 'ed25519') return '`temporaryKeyPair.bits` cannot be given for ed25519, whose keys all have 256';
  if (type === 'rsa' && bits < 1024) return `\`temporaryKeyPair.bits\` is ${bits}, but RSA needs at least 1024`;
  if (type === 'ecdsa' && ![256, 384, 521].includes(bits))
    return `\`temporaryKeyPair.bits\` is ${bits}, but ECDSA has 256, 384 or 521`;
  return undefined;
};

const RULES = [certificateRule, bastionRule, bitsRule];

/** Schema of {@link SshProps}. */
export const sshSchema = props<SshProps>()(sshShape, ...RULES);

/** What {@link ssh} makes: {@link SshProps} with their type. */
export interface SshCommunicatorProps extends SshProps {
  /** Tells it from the other communicators. */
  readonly type: 'ssh';
}

/** Schema of {@link SshCommunicatorProps}: what a platform's `communicator` prop takes. */
export const sshCommunicatorSchema = props<SshCommunicatorProps>()({ type: z.literal('ssh'), ...sshShape }, ...RULES);

/** Resolved {@link SshProps}. */
export type SshConfig = z.output<typeof sshSchema>;

/**
 * Reaches the machine by SSH.
 *
 * @example
 * new NullSource(web, 'Host', { communicator: ssh({ host: 'build.acme.test', username: 'root', agentAuth: true }) });
 */
export function ssh(props: SshProps = {}): SshCommunicatorProps {
  return { type: 'ssh', ...props };
}
