import type { Origin } from '../machines/computer';

/** Something in an account, in a region. */
export interface Entity {
  readonly id: string;
  readonly region: string;
  /** The account that owns it. */
  readonly account: string;
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  /** Until when those who ask do not see it yet. */
  visibleAt: number;
}

/** A disk of an image, of an instance or of a launch request. */
export interface BlockDevice {
  readonly device: string;
  readonly snapshot?: string | undefined;
  readonly size: number;
  readonly type: string;
  readonly iops?: number | undefined;
  readonly throughput?: number | undefined;
  readonly encrypted: boolean;
  readonly kmsKey?: string | undefined;
  readonly deleteOnTermination: boolean;
}

/** Something that an image may be shared with, as the wire has it. */
export interface Permission {
  readonly userId?: string;
  readonly group?: string;
  readonly organizationArn?: string;
  readonly organizationalUnitArn?: string;
}

/** An AMI. */
export interface Image extends Entity {
  state: 'pending' | 'available' | 'failed';
  stateReason?: string;
  readonly name: string;
  description: string | undefined;
  readonly architecture: string;
  readonly rootDevice: string;
  readonly devices: readonly BlockDevice[];
  /** Alias of its owner, such as `amazon`. */
  readonly alias?: string;
  readonly platform?: 'windows' | undefined;
  readonly enaSupport: boolean;
  readonly sriovNetSupport?: string | undefined;
  readonly bootMode?: string | undefined;
  readonly tpmSupport?: string | undefined;
  readonly uefiData?: string | undefined;
  imdsSupport: string | undefined;
  deprecationTime: string | undefined;
  protection: 'enabled' | 'enabled-with-cooldown' | 'disabled';
  fastLaunch?: { readonly maxParallel: number; readonly resources: number; isReady: boolean } | undefined;
  permissions: readonly Permission[];
  readonly source?: { readonly image?: string; readonly region?: string; readonly instance?: string } | undefined;
  lastLaunched?: number;
}

/** What an instance was asked to be. */
export interface Instance extends Entity {
  state: State;
  stateReason: { readonly code: string; readonly message: string } | undefined;
  transition: string;
  readonly image: Image;
  type: string;
  readonly keyName: string | undefined;
  /** Line for authorized_keys of its key pair. */
  readonly publicKey: string | undefined;
  readonly subnet: string;
  readonly vpc: string;
  readonly zone: string;
  groups: readonly string[];
  readonly address: string;
  readonly hasPublicAddress: boolean;
  readonly userData: string | undefined;
  readonly profile: string | undefined;
  readonly metadata: {
    readonly tokens: string;
    readonly endpoint: string;
    readonly hops: number;
    readonly tags: string;
  };
  readonly shutdownBehavior: 'stop' | 'terminate';
  readonly spotRequest: string | undefined;
  readonly reservation: string;
  readonly interfaceId: string;
  readonly ebsOptimized: boolean;
  readonly token: string | undefined;
  readonly launchIndex: number;
  enaSupport: boolean;
  sriovNetSupport: string | undefined;
  protected: boolean;
  /** When it was terminated. */
  endedAt?: number;
  /** What goes on with it: each change waits for the one before. */
  work: Promise<void>;
}

/** States of an instance with the numbers that AWS gives them. */
export const STATES = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;
/** One of {@link STATES}. */
export type State = keyof typeof STATES;

/** A volume. */
export interface Volume extends Entity {
  state: 'creating' | 'available' | 'in-use' | 'deleting';
  size: number;
  type: string;
  iops: number | undefined;
  throughput: number | undefined;
  readonly zone: string;
  readonly snapshot: string | undefined;
  readonly encrypted: boolean;
  readonly kmsKey: string | undefined;
  attachment:
    | { readonly instance: string; readonly device: string; deleteOnTermination: boolean; readonly at: number }
    | undefined;
  readonly token?: string | undefined;
  /** File of its raw disk, once it was used. */
  disk?: Promise<string>;
}

/** A snapshot. */
export interface Snapshot extends Entity {
  state: 'pending' | 'completed' | 'error';
  progress: number;
  readonly volume: string;
  readonly size: number;
  readonly description: string;
  readonly encrypted: boolean;
  readonly kmsKey: string | undefined;
  permissions: readonly Permission[];
  /** What a machine that starts from it has for a root; undefined where it is of a disk without files of ours. */
  origin: Promise<Origin | undefined>;
  /** Why it failed. */
  failure?: string;
  /** File of the raw disk that it holds, where it has one: then that is what a machine starts from. */
  disk?: string | undefined;
}

/** A key pair. */
export interface KeyPair extends Entity {
  readonly name: string;
  readonly type: 'rsa' | 'ed25519';
  readonly fingerprint: string;
  readonly publicKey: string;
}

/** A rule of a security group. */
export interface Rule {
  readonly id: string;
  readonly protocol: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly cidr?: string | undefined;
  readonly cidr6?: string | undefined;
  readonly group?: string | undefined;
  readonly description?: string | undefined;
}

/** A security group. */
export interface Group extends Entity {
  readonly name: string;
  readonly description: string;
  readonly vpc: string;
  ingress: readonly Rule[];
  egress: readonly Rule[];
}

/** A network. */
export interface Vpc extends Entity {
  readonly cidr: string;
  readonly isDefault: boolean;
}

/** A part of a network, in a zone. */
export interface Subnet extends Entity {
  readonly vpc: string;
  readonly cidr: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly isDefault: boolean;
}

/** A launch template, with the data of its one version. */
export interface Template extends Entity {
  readonly name: string;
  readonly data: import('./protocol/params').Params;
}

/** A disk that is being taken in. */
export interface ImportTask extends Entity {
  readonly prefix: 'import-snap' | 'import-ami';
  readonly snapshot: string;
  readonly description: string | undefined;
  image: string | undefined;
  cancelled: boolean;
  /** Why it failed. */
  failure?: string;
  /** GiB. */
  readonly size: number;
  readonly disk: {
    readonly format: string;
    readonly url: string | undefined;
    readonly bucket: { readonly s3Bucket: string; readonly s3Key: string } | undefined;
  };
}

/** A way into a network for EC2 Instance Connect. */
export interface ConnectEndpoint extends Entity {
  readonly subnet: string;
  readonly vpc: string;
  readonly zone: string;
  readonly groups: readonly string[];
  /** Where its tunnels are opened. */
  readonly dnsName: string;
}

/** A request for a spot instance. */
export interface SpotRequest extends Entity {
  state: 'active' | 'cancelled' | 'closed';
  status: string;
  readonly price: string | undefined;
  readonly type: string;
  instance: string | undefined;
}
