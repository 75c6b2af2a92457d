import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import { readIfThere, writeAtomically } from '../../util/atomic';
import type { Origin } from '../machines/computer';
import { PUBLIC_IMAGES } from './catalog';
import type { Credential } from './signature';
import type { Entity, Group, Image, KeyPair, Snapshot, Volume } from './types';
import type { Parameter, Profile, Role, World } from './world';

/** What of a world outlives its server. */
interface Saved {
  readonly format: 1;
  /** How many servers there were: each throws other dice, so that no id comes twice. */
  readonly generation: number;
  readonly images: readonly Image[];
  readonly snapshots: readonly (Omit<Snapshot, 'origin'> & { readonly from: Origin | undefined })[];
  readonly keyPairs: readonly KeyPair[];
  readonly groups: readonly Group[];
  readonly volumes: readonly Volume[];
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly secrets: ReadonlyMap<string, Parameter>;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly roles: ReadonlyMap<string, Role>;
  readonly credentials: readonly (readonly [string, Credential])[];
}

const NAME = 'aws.json';

/** What an account had when the last server in a folder ended. */
export class StateFile {
  /** Reads it; a folder without one is a new world. */
  static async open(dir: string): Promise<StateFile> {
    const file = path.join(dir, NAME);
    const text = await readIfThere(file);
    if (text === undefined) return new StateFile(file, undefined);
    try {
      const saved = JSON.parse(text, revive) as Saved;
      if (saved.format !== 1) throw new Error(`its format is ${String(saved.format)}`);
      return new StateFile(file, saved);
    } catch (error) {
      throw new GoldsmithError('BAD_USAGE', `${file} is no state of a rehearsal: ${String(error)}`, {
        hint: 'delete it to begin anew, or name another folder with --state DIR',
      });
    }
  }

  private writing: Promise<void> | undefined;
  private again = false;
  private origins: string | undefined;

  private constructor(
    private readonly file: string,
    private readonly saved: Saved | undefined,
  ) {}

  /** How many servers were here before. */
  get generation(): number {
    return this.saved?.generation ?? 0;
  }

  /** Whether an image that was kept starts from a layer, or a disk of Windows. */
  needs(layer: string): boolean {
    this.origins ??= JSON.stringify(this.saved?.snapshots.map(({ from }) => from) ?? []);
    return this.origins.includes(`layers/${layer}/`) || this.origins.includes(`windows/${layer}"`);
  }

  /** Puts it into a new world. */
  restore(world: World): void {
    const { saved } = this;
    if (!saved) return;
    for (const { from, ...snapshot } of saved.snapshots)
      world.snapshots.add({ ...snapshot, origin: Promise.resolve(from) });
    for (const image of saved.images) world.images.add(image);
    for (const key of saved.keyPairs) world.keyPairs.add(key);
    for (const group of saved.groups) world.groups.add(group);
    for (const volume of saved.volumes) world.volumes.add(volume);
    for (const name of ['parameters', 'secrets', 'profiles', 'roles'] as const) {
      const into = world[name] as Map<string, unknown>;
      for (const [key, value] of saved[name]) into.set(key, value);
    }
    for (const [key, credential] of saved.credentials) world.credentials.add(key, credential);
  }

  /** Writes what there is now. Called while it is written, it is written once more after that. */
  save(world: World): Promise<void> {
    this.again = true;
    this.writing ??= this.write(world).finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async write(world: World): Promise<void> {
    while (this.again) {
      this.again = false;
      const text = JSON.stringify(await savedOf(world, this.generation + 1), replace);
      await fs.mkdir(path.dirname(this.file), { recursive: true });
      await writeAtomically(this.file, text);
      // Secrets are in it, as in the account.
      await fs.chmod(this.file, 0o600);
    }
  }
}

async function savedOf(world: World, generation: number): Promise<Saved> {
  const publishers = new Set([...PUBLIC_IMAGES.map(({ owner }) => owner), '999999999999']);
  const own = <T extends Entity>(rows: readonly T[]): T[] =>
    rows.filter(({ account, createdAt }) => !publishers.has(account) && createdAt > 0);
  const done = own(world.snapshots.all()).filter(({ state }) => state === 'completed');
  const there = new Set(done.map(({ id }) => id));
  return {
    format: 1,
    generation,
    snapshots: await Promise.all(done.map(async ({ origin, ...one }) => ({ ...one, from: await origin }))),
    // One that was just being made is not there: what it is made of ended with the server.
    images: own(world.images.all()).filter(
      ({ state, devices }) =>
        state === 'available' && devices.every(({ snapshot }) => snapshot === undefined || there.has(snapshot)),
    ),
    keyPairs: own(world.keyPairs.all()),
    groups: own(world.groups.all()),
    volumes: own(world.volumes.all()).filter(({ attachment }) => attachment === undefined),
    parameters: world.parameters,
    secrets: world.secrets,
    profiles: world.profiles,
    roles: world.roles,
    credentials: world.credentials.entries,
  };
}

function replace(_key: string, value: unknown): unknown {
  if (value instanceof Map) return { $map: [...value] };
  return value instanceof Set ? { $set: [...value] } : value;
}

function revive(_key: string, value: unknown): unknown {
  const { $map, $set } = (value ?? {}) as {
    readonly $map?: readonly [unknown, unknown][];
    readonly $set?: readonly unknown[];
  };
  if ($map) return new Map($map);
  return $set ? new Set($set) : value;
}
