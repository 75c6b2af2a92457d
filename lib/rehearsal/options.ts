import type { Quotas } from './aws/quota';
import type { TroubleOptions } from './trouble';

/** Options of a rehearsal. */
export interface RehearsalOptions {
  /**
   * What machines start from, by AMI id or by name of a public image (`*` and `?` stand for anything): `minimal` (a few of this
   * machine's programs), `host` (this machine's own root), `folder:DIR`, `rootfs:FILE`, `archive:FILE`, `layout:DIR` or `registry:NAME`.
   * An id or a name that is of no public image becomes one.
   * @default - `minimal` for all
   */
  readonly images?: Readonly<Record<string, string>>;
  /**
   * How many seconds of the cloud pass in one of ours, while a machine starts or an image is copied.
   * @default 50
   */
  readonly speed?: number;
  /**
   * What decides all that is random: ids, addresses, and what goes wrong. The same seed gives the same rehearsal.
   * @default - one of its own each time, which is told
   */
  readonly seed?: string;
  /**
   * What goes wrong.
   * @default - nothing
   */
  readonly trouble?: TroubleOptions;
  /**
   * How much an account may have.
   * @default - no limits
   */
  readonly quotas?: Quotas;
  /**
   * Parameters of Systems Manager that are there from the beginning, in every region, as SecureStrings: what `Secret.fromSsmParameter` reads.
   * @default - AWS's own that name images
   */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * Secrets of Secrets Manager that are there from the beginning, in every region: what `Secret.fromSecretsManager` reads.
   * @default - none
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /**
   * Whether instances are machines that really run commands; else they have states only, and nothing answers at their addresses.
   * @default true
   */
  readonly machines?: boolean;
  /**
   * Whether access keys that the rehearsal did not give are let in, with any signature. Signatures of those that it gave are always
   * checked: of its own environment, and of sessions.
   * @default false; true where it is the program's own builds that are rehearsed, for keys may stand in the program
   */
  readonly anyKey?: boolean;
  /**
   * Port of the server; 0 for any that is free.
   * @default 0
   */
  readonly port?: number;
  /**
   * Port at which instances answer SSH; where it may not be bound, each has one of its own.
   * @default 22
   */
  readonly sshPort?: number;
}
