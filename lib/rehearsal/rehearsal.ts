import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../extension/context';
import { awsCloud } from './aws/aws-cloud';
import { PUBLIC_IMAGES, type PublicImage } from './aws/catalog';
import { Credentials } from './aws/credentials';
import { patternOf } from './aws/filters';
import { Quota } from './aws/quota';
import { StateFile } from './aws/state';
import { World } from './aws/world';
import type { ChannelCloud } from './channels';
import { dice } from './dice';
import { Inventory, type InventoryEntry } from './inventory';
import { readBase, type BaseChoice } from './machines/base-choice';
import { emptyRoom, type Room } from './machines/computer';
import { Disks } from './machines/disks';
import { Importer } from './machines/importer';
import { openSandboxRoom } from './machines/sandbox-room';
import type { RehearsalOptions } from './options';
import { Pace } from './pace';
import { serve, type CloudServer } from './server';
import { Trouble } from './trouble';

/** Embedded clouds that are up. */
export interface Rehearsal {
  /** What decides all that is random. */
  readonly seed: string;
  /** Address of each cloud's server. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Environment that points the SDK clients of a run, and other tools, at them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything that was created so far. */
  inventory(): readonly InventoryEntry[];
  /** Resolves when nothing goes on any more: what was asked to end has ended. */
  settle(): Promise<void>;
  /** Ends servers and machines. */
  close(): Promise<void>;
}

/** Milliseconds of ours for which something new is not seen, at most about, where the trouble is eventual consistency. */
const HIDDEN = 500;
const SPEED = 50;

/** Starts the embedded clouds. */
export async function startRehearsal(
  options: RehearsalOptions & { readonly keep?: boolean },
  ctx: RunContext,
): Promise<Rehearsal> {
  const { speed = SPEED, seed = randomBytes(4).toString('hex'), trouble = {}, machines = true } = options;
  const choices = Object.entries(options.images ?? {}).map(([key, text]) => [key, readBase(text, key)] as const);
  const images = [...PUBLIC_IMAGES, ...choices.flatMap(([key, choice]) => addedImage(key, choice))];
  const inventory = new Inventory();
  const keep = options.keep === true ? await StateFile.open(ctx.stateDir) : undefined;
  const room = machines ? await openSandboxRoom(ctx, keep && ((layer) => keep.needs(layer))) : emptyRoom;
  const disks = path.join(ctx.stateDir, 'disks');
  // What a rehearsal that was killed has left.
  if (!keep) await fs.rm(disks, { recursive: true, force: true });
  const world = new World({
    pace: new Pace(ctx.clock, speed),
    room,
    seed,
    trouble: new Trouble(trouble, dice(`trouble ${seed}`), HIDDEN),
    inventory,
    catalog: {
      images,
      parameters: options.parameters ?? {},
      secrets: options.secrets ?? {},
      baseOf: (image, id) => baseOf(image, id, choices),
    },
    sshPort: options.sshPort ?? 22,
    quota: new Quota(options.quotas ?? {}),
    disks,
    knownKeys: options.kmsKeys,
    knownBuckets: options.buckets,
    importer: new Importer(disks, ctx),
    drives: machines ? new Disks(disks, ctx) : undefined,
    keep,
    credentials: new Credentials(options.anyKey ?? false),
    warn: (text) => ctx.warn(text),
  });
  return open([awsCloud(world, images)], { seed, inventory, room, port: options.port ?? 0 });
}

async function open(
  clouds: readonly ChannelCloud[],
  {
    seed,
    inventory,
    room,
    port,
  }: { readonly seed: string; readonly inventory: Inventory; readonly room: Room; readonly port: number },
): Promise<Rehearsal> {
  const servers = new Map<ChannelCloud, CloudServer>();
  const close = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server.close()));
    await Promise.all(clouds.map((cloud) => cloud.close()));
    await room.close();
  };
  try {
    for (const cloud of clouds) servers.set(cloud, await serve(cloud, port));
  } catch (error) {
    await close();
    throw error;
  }
  const each = [...servers];
  return {
    seed,
    endpoints: Object.fromEntries(each.map(([{ name }, { endpoint }]) => [name, endpoint])),
    environment: Object.assign({}, ...each.map(([cloud, { endpoint }]) => cloud.environment(endpoint))) as Record<
      string,
      string
    >,
    inventory: () => inventory.list(),
    settle: async () => {
      await Promise.all(clouds.map((cloud) => cloud.settle()));
    },
    close,
  };
}

function baseOf(image: PublicImage, id: string, choices: readonly (readonly [string, BaseChoice])[]): BaseChoice {
  const choice = choices.find(([key]) => key === id || patternOf(key).test(image.name));
  return choice?.[1] ?? { kind: image.platform === 'windows' ? 'windows' : 'minimal' };
}

/** An id or a name that the user maps and that is of no public image becomes one, in each region. */
function addedImage(key: string, choice: BaseChoice): PublicImage[] {
  const isId = /^ami-[0-9a-f]{8,17}$/.test(key);
  if (!isId && (/[*?]/.test(key) || PUBLIC_IMAGES.some(({ name }) => name === key))) return [];
  return [
    {
      name: isId ? `rehearsal-${key}` : key,
      owner: '999999999999',
      description: 'An image of the rehearsal',
      rootDevice: '/dev/xvda',
      architecture: 'x86_64',
      created: '2026-11-01T00:00:00.000Z',
      size: 8,
      bootMode: 'uefi-preferred',
      parameters: [],
      ...(isId && { id: key }),
      ...(choice.kind === 'windows' && { platform: 'windows' as const }),
    },
  ];
}
