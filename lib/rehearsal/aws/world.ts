import type { Inventory } from '../inventory';
import type { Room } from '../machines/computer';
import type { Pace } from '../pace';
import type { Trouble } from '../trouble';
import { Credentials } from './credentials';
import { furnish, type Catalog } from './catalog';
import { dice, type Dice } from '../dice';
import { uuid } from './ids';
import type { Quota } from './quota';
import type { StateFile } from './state';
import { Table, type Caller, type Kind } from './table';
import type {
  Entity,
  Group,
  Image,
  ImportTask,
  Instance,
  KeyPair,
  Snapshot,
  SpotRequest,
  Subnet,
  Template,
  Volume,
  Vpc,
} from './types';

/** What a world is made from. */
export interface WorldOptions {
  readonly pace: Pace;
  readonly room: Room;
  readonly seed: string;
  readonly trouble: Trouble;
  readonly inventory: Inventory;
  readonly catalog: Catalog;
  /** Port at which instances answer SSH. */
  readonly sshPort: number;
  readonly quota: Quota;
  /** @default - any access key is let in */
  readonly credentials?: Credentials;
  /** What outlives the server. @default - nothing does */
  readonly keep?: StateFile | undefined;
  warn(text: string): void;
}

const kind = (prefix: string, label: string, notFound: string, malformed: string): Kind => ({
  prefix,
  label,
  notFound,
  malformed,
});

/** Everything that there is in all accounts and regions. */
export class World {
  readonly pace: Pace;
  readonly room: Room;
  readonly trouble: Trouble;
  readonly inventory: Inventory;
  readonly dice: Dice;
  /** What was made with a client token: by action, account, region and token. */
  readonly tokens = new Map<string, { readonly print: string; readonly answer: Promise<unknown> }>();
  /** Texts of the parameter store and of the secrets manager. */
  readonly parameters = new Map<string, Parameter>();
  readonly secrets = new Map<string, Parameter>();
  readonly profiles = new Map<string, Profile>();
  readonly roles = new Map<string, Role>();

  readonly images: Table<Image>;
  readonly instances: Table<Instance>;
  readonly volumes: Table<Volume>;
  readonly snapshots: Table<Snapshot>;
  readonly keyPairs: Table<KeyPair>;
  readonly groups: Table<Group>;
  readonly vpcs: Table<Vpc>;
  readonly subnets: Table<Subnet>;
  readonly templates: Table<Template>;
  readonly spotRequests: Table<SpotRequest>;
  readonly importTasks: Table<ImportTask>;

  readonly sshPort: number;
  readonly quota: Quota;
  readonly credentials: Credentials;
  /** Says something to the person who rehearses. */
  readonly warn: (text: string) => void;

  private readonly furnished = new Set<string>();
  private readonly background = new Set<Promise<void>>();
  private readonly catalog: Catalog;
  private readonly keep: StateFile | undefined;

  constructor(options: WorldOptions) {
    const { pace, room, seed, trouble, inventory, catalog } = options;
    this.pace = pace;
    this.room = room;
    this.trouble = trouble;
    this.inventory = inventory;
    this.catalog = catalog;
    this.sshPort = options.sshPort;
    this.quota = options.quota;
    this.credentials = options.credentials ?? new Credentials(true);
    this.warn = (text) => options.warn(text);
    const generation = options.keep?.generation ?? 0;
    this.dice = dice(`world ${seed}${generation === 0 ? '' : ` ${generation}`}`);
    const now = (): number => pace.now();
    this.images = new Table(kind('ami', 'image id', 'InvalidAMIID.NotFound', 'InvalidAMIID.Malformed'), now);
    this.instances = new Table(
      kind('i', 'instance ID', 'InvalidInstanceID.NotFound', 'InvalidInstanceID.Malformed'),
      now,
    );
    this.volumes = new Table(kind('vol', 'volume', 'InvalidVolume.NotFound', 'InvalidVolumeID.Malformed'), now);
    this.snapshots = new Table(
      kind('snap', 'snapshot', 'InvalidSnapshot.NotFound', 'InvalidSnapshotID.Malformed'),
      now,
    );
    this.keyPairs = new Table(kind('key', 'key pair', 'InvalidKeyPair.NotFound', 'InvalidKeyPair.Format'), now);
    this.groups = new Table(kind('sg', 'security group', 'InvalidGroup.NotFound', 'InvalidGroupId.Malformed'), now);
    this.vpcs = new Table(kind('vpc', 'vpc ID', 'InvalidVpcID.NotFound', 'InvalidVpcID.Malformed'), now);
    this.subnets = new Table(kind('subnet', 'subnet ID', 'InvalidSubnetID.NotFound', 'InvalidSubnetID.Malformed'), now);
    this.templates = new Table(
      kind('lt', 'launch template', 'InvalidLaunchTemplateId.NotFound', 'InvalidLaunchTemplateId.Malformed'),
      now,
    );
    this.importTasks = new Table(
      kind('import', 'import task', 'InvalidConversionTaskId', 'InvalidConversionTaskId.Malformed'),
      now,
    );
    this.spotRequests = new Table(
      kind(
        'sir',
        'spot instance request ID',
        'InvalidSpotInstanceRequestID.NotFound',
        'InvalidSpotInstanceRequestID.Malformed',
      ),
      now,
    );
    this.keep = options.keep;
    this.keep?.restore(this);
  }

  /** Makes what every account has in a region from the beginning. */
  enter(caller: Caller): void {
    const key = `${caller.account} ${caller.region}`;
    if (this.furnished.has(key)) return;
    this.furnished.add(key);
    furnish(this, caller, this.catalog);
  }

  /** What every new thing has. */
  entity(caller: Caller, prefix: string, tags: ReadonlyMap<string, string> = new Map()): Entity {
    const now = this.pace.now();
    return {
      id: `${prefix}-${this.dice.hex(17)}`,
      region: caller.region,
      account: caller.account,
      createdAt: now,
      tags: new Map(tags),
      visibleAt: now + this.trouble.invisibleFor(),
    };
  }

  /** Something is other than it was: whoever keeps the state is told, when what the call does at once is done. */
  changed(): void {
    if (this.keep) void this.meanwhile(Promise.resolve().then(() => this.keep?.save(this)));
  }

  /** An id of a request. */
  requestId(): string {
    return uuid(this.dice);
  }

  /** Goes on with something beside the calls. It is waited for when the rehearsal ends. */
  meanwhile(work: Promise<void>): Promise<void> {
    const settled = work.catch(() => undefined);
    this.background.add(settled);
    void settled.then(() => this.background.delete(settled));
    return settled;
  }

  /** Resolves when nothing goes on any more. */
  async settle(): Promise<void> {
    while (this.background.size > 0) await Promise.all(this.background);
  }
}

/** A text under a name, with its versions counted. */
export interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly version: number;
  readonly modified: number;
  readonly account: string;
  readonly region: string;
  readonly dataType?: string;
  readonly tier?: string;
  /** As it was before. */
  readonly before?: Parameter | undefined;
}

/** What roles and instance profiles of IAM have in common. */
export interface Identity {
  readonly path: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** A role of IAM. */
export interface Role extends Identity {
  readonly name: string;
  readonly id: string;
  readonly createdAt: number;
  readonly trust: string;
  readonly policies: Map<string, string>;
}

/** An instance profile of IAM. */
export interface Profile extends Identity {
  readonly name: string;
  readonly id: string;
  readonly createdAt: number;
  roles: readonly string[];
}
