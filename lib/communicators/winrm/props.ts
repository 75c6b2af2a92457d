import { z } from 'zod';
import { duration, props, text, type Rule } from '../../extension/props';
import type { Text } from '../../plan/late';
import { proxyShape, type SshProxyProps } from '../ssh/hop-props';

/** Props of {@link winrm}. What a platform knows itself (address, password) need not be said. */
export interface WinrmProps {
  /**
   * Name or address of the machine.
   * @default - the platform's
   */
  readonly host?: Text;
  /**
   * Port of its WinRM service.
   * @default - 5985; 5986 with `useSsl`
   */
  readonly port?: number;
  /**
   * Who logs in: `user`, `DOMAIN\user` or `user@domain`.
   * @default - the platform's, where it makes the user
   */
  readonly username?: Text;
  /**
   * Password: a `Secret`.
   * @default - the platform's, where it knows it
   */
  readonly password?: Text;
  /**
   * How to log in. With `ntlm` the password stays here, and messages are encrypted over HTTP, too; `basic` sends it; `certificate`
   * logs in by `certificateFile`.
   * @default 'ntlm'
   */
  readonly transport?: 'ntlm' | 'basic' | 'certificate';
  /**
   * HTTPS rather than HTTP.
   * @default false
   */
  readonly useSsl?: boolean;
  /**
   * With `basic` over HTTP: everybody on the way can read the password and all else. Must be said.
   * @default false
   */
  readonly allowUnencrypted?: boolean;
  /**
   * Takes any certificate of the machine. Packer's `winrm_insecure`.
   * @default false
   */
  readonly insecure?: boolean;
  /**
   * Authorities (PEM) that may have signed the machine's certificate.
   * @default - those that Node.js knows
   */
  readonly caFile?: Text;
  /**
   * SHA-256 of the machine's certificate, as `openssl x509 -noout -fingerprint -sha256` prints it: it must have exactly this one.
   * @default - the certificate must be signed by an authority, for this name
   */
  readonly fingerprint?: string;
  /**
   * With `certificate`: the certificate (PEM) that is mapped to a user of the machine.
   * @default - none
   */
  readonly certificateFile?: Text;
  /**
   * The private key (PEM) of `certificateFile`.
   * @default - none
   */
  readonly keyFile?: Text;
  /**
   * A proxy to go through.
   * @default - the one that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, as in Packer
   */
  readonly proxy?: SshProxyProps;
  /**
   * Goes straight to the machine, whatever HTTP_PROXY says.
   * @default false
   */
  readonly noProxy?: boolean;
  /**
   * How long the machine may take until a command can run.
   * @default '30m'
   */
  readonly timeout?: string;
  /**
   * How long the machine may think before it says that there is nothing yet; then it is asked again. A machine that is silent for
   * ten seconds more is taken for lost.
   * @default '20s'
   */
  readonly operationTimeout?: string;
  /**
   * Bytes that one message may have; the machine's `MaxEnvelopeSizekb` must not be smaller.
   * @default 153600
   */
  readonly maxEnvelopeSize?: number;
  /**
   * How often a refused login is tried. Where the platform says that the password may come late, as long as `timeout`.
   * @default 3
   */
  readonly loginAttempts?: number;
  /**
   * Large files are fetched by the machine from an HTTP server here, many times faster than through WinRM. Each file has an address
   * that nobody can guess and that works once. Their content is not encrypted on the way; what arrived is checked.
   * @default - everything goes through WinRM
   */
  readonly fileServer?: WinrmFileServerProps;
  /**
   * Waits so long after the first connection, then connects again: for machines that restart once after they were made.
   * @default - no pause
   */
  readonly pauseBeforeConnecting?: string;
}

/** A server here that the machine can fetch files from. */
export interface WinrmFileServerProps {
  /** Address of this side, as the machine reaches it. @default - the one that the connection to the machine comes from */
  readonly host?: Text;
  /** Port to listen on. @default - any that is free */
  readonly port?: number;
  /** Files from so many bytes on are fetched. @default 1048576 */
  readonly minimumSize?: number;
}

const port = z.number().int().min(1).max(65535).optional();

/** Schemas of {@link WinrmProps}, prop by prop. */
export const winrmShape = {
  host: text().optional(),
  port,
  username: text().optional(),
  password: text().optional(),
  transport: z.enum(['ntlm', 'basic', 'certificate']).optional(),
  useSsl: z.boolean().optional(),
  allowUnencrypted: z.boolean().optional(),
  insecure: z.boolean().optional(),
  caFile: text().optional(),
  fingerprint: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$/, 'a SHA-256 fingerprint, such as `AB:12:…`, of 32 bytes in hex')
    .optional(),
  certificateFile: text().optional(),
  keyFile: text().optional(),
  proxy: proxyShape.optional(),
  noProxy: z.boolean().optional(),
  timeout: duration().optional(),
  operationTimeout: duration().optional(),
  maxEnvelopeSize: z.number().int().min(8192).optional(),
  loginAttempts: z.number().int().min(1).optional(),
  fileServer: z
    .strictObject({ host: text().optional(), port, minimumSize: z.number().int().min(0).optional() })
    .optional(),
  pauseBeforeConnecting: duration().optional(),
} as const;

const sslRule: Rule = ({ useSsl, insecure, caFile, fingerprint }) => {
  const given = Object.entries({ insecure, caFile, fingerprint }).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [`\`${name}\``],
  );
  if (given.length > 0 && useSsl !== true)
    return `${given.join(', ')} is about certificates: it needs \`useSsl: true\``;
  return given.length > 1 ? `at most one of ${given.join(', ')} may be given` : undefined;
};

const transportRule: Rule = ({ transport = 'ntlm', useSsl, allowUnencrypted, certificateFile, keyFile }) => {
  if (transport === 'certificate') {
    if (certificateFile === undefined || keyFile === undefined)
      return "`transport: 'certificate'` needs `certificateFile` and `keyFile`";
    return useSsl === true
      ? undefined
      : "`transport: 'certificate'` needs `useSsl: true`: a certificate is shown by TLS";
  }
  if (certificateFile !== undefined || keyFile !== undefined)
    return "`certificateFile` and `keyFile` log in only with `transport: 'certificate'`";
  if (transport === 'basic' && useSsl !== true && allowUnencrypted !== true)
    return "`transport: 'basic'` without `useSsl` sends the password for everybody to read: say `allowUnencrypted: true`, or take 'ntlm'";
  return undefined;
};

const proxyRule: Rule = ({ proxy, noProxy }) =>
  proxy !== undefined && noProxy === true ? '`proxy` and `noProxy: true` contradict each other' : undefined;

const RULES = [sslRule, transportRule, proxyRule];

/** Schema of {@link WinrmProps}. */
export const winrmSchema = props<WinrmProps>()(winrmShape, ...RULES);

/** What {@link winrm} makes: {@link WinrmProps} with their type. */
export interface WinrmCommunicatorProps extends WinrmProps {
  /** Tells it from the other communicators. */
  readonly type: 'winrm';
}

/** Schema of {@link WinrmCommunicatorProps}: what a platform's `communicator` prop takes. */
export const winrmCommunicatorSchema = props<WinrmCommunicatorProps>()(
  { type: z.literal('winrm'), ...winrmShape },
  ...RULES,
);

/** Resolved {@link WinrmProps}. */
export type WinrmConfig = z.output<typeof winrmSchema>;

/**
 * Reaches a Windows machine by WinRM.
 *
 * @example
 * new NullSource(web, 'Host', {
 *   communicator: winrm({ host: 'win.acme.test', username: 'Administrator', password: Secret.fromEnv('PASSWORD'), useSsl: true }),
 * });
 */
export function winrm(props: WinrmProps = {}): WinrmCommunicatorProps {
  return { type: 'winrm', ...props };
}
