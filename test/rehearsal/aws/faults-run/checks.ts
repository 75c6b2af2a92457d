import * as fs from 'node:fs';
import * as path from 'node:path';
import type { NodeRecord } from '../../../../lib/catalog';
import { PUBLISHED, STATE } from '../../../../lib/platforms/aws/driver/tags';
import type { Image } from '../../../../lib/rehearsal/aws/types';
import { CONTENT, FRIEND, type AwsOrder } from '../../../faults/helpers/programs/aws-victim';
import { findBelow, findIn } from '../../../faults/helpers/planted';
import type { Account } from './account';

/** What is in the account and of no image that the catalog knows. */
export function leftovers(
  { inventory }: Account,
  records: readonly NodeRecord[],
  others: readonly string[] = [],
): string[] {
  const known = new Set([
    ...others,
    ...records.flatMap(({ artifact }) => artifact?.resources.flatMap(({ id }) => id ?? []) ?? []),
  ]);
  const there = inventory.list().filter(({ deletedAt }) => deletedAt === undefined);
  return there
    .filter(({ id, partOf }) => !known.has(id) && !(partOf !== undefined && known.has(partOf)))
    .map(({ kind, id, region, detail }) => `${kind} ${id} in ${region}: ${detail}`);
}

/** Images whose tags say that all is done with them: what a machine without a catalog knows. */
export function finishedImages({ world }: Pick<Account, 'world'>): string[] {
  return world.images.all().flatMap(({ id, tags }) => (tags.get(STATE) === PUBLISHED ? [id] : []));
}

/** Copies that count as finished though what they were copied from does not. */
export function lonelyCopies({ world }: Pick<Account, 'world'>): string[] {
  return finishedImages({ world }).flatMap((id) => {
    const { source, region } = world.images.find(id)!;
    if (source?.image === undefined || source.instance !== undefined || source.region === region) return [];
    const original = world.images.find(source.image);
    return original?.tags.get(STATE) === PUBLISHED ? [] : [`${id} in ${region} is finished, and its original is not`];
  });
}

/** Images that are not as they must be. */
export async function wrongImages(
  { world }: Account,
  records: readonly NodeRecord[],
  order: AwsOrder,
  store: string,
): Promise<string[]> {
  const wrong: string[] = [];
  const finished = new Set<string>();
  for (const { node, artifact, held } of records) {
    const images = (artifact?.outputs['images'] ?? {}) as Readonly<Record<string, string>>;
    const what = node.startsWith('Web') ? 'web' : 'core';
    for (const [region, id] of Object.entries(images)) {
      const image = world.images.find(id);
      const say = (text: string): void => void wrong.push(`${node} ${id} in ${region}: ${text}`);
      if (image?.region !== region) {
        say('is on record and not there');
        continue;
      }
      if (image.state !== 'available') say(`is ${image.state}`);
      const name = order.name === undefined ? undefined : `${what}-${order.name}`;
      if (name !== undefined && image.name !== name) say(`is called ${image.name}`);
      if (order.logsIn) for (const text of await wrongContent(image, what, world, store)) say(text);
      if (held !== undefined) continue;
      finished.add(id);
      if (image.tags.get(STATE) !== PUBLISHED) say('is finished and not tagged so');
      if (image.imdsSupport !== 'v2.0') say('does not require IMDSv2');
      const friends = what === 'web' ? order.users : [];
      if (sharedWith(image).join() !== friends.join()) say(`is shared with ${sharedWith(image).join()}`);
      for (const { snapshot } of image.devices) {
        const users = world.snapshots.find(snapshot)?.permissions.map(({ userId }) => userId) ?? [];
        if (users.join() !== (order.encrypt ? '' : friends.join())) say(`has a snapshot shared with ${users.join()}`);
      }
    }
    if (held === undefined && what === 'web' && artifact && order.verify === 'unsound') {
      wrong.push(`${node} ${artifact.id} is finished though its verification fails`);
    }
    if (held === undefined && what === 'web' && artifact) {
      const regions = Object.keys(images).sort().join();
      if (regions !== ['eu-west-1', ...order.regions].sort().join()) wrong.push(`${node} is in ${regions} only`);
    }
  }
  const known = new Set(records.flatMap(({ artifact }) => artifact?.resources.map(({ id }) => id) ?? []));
  for (const image of world.images.all()) {
    if (image.createdAt === 0 || image.alias !== undefined || finished.has(image.id)) continue;
    const isPublic = image.permissions.some(({ group }) => group === 'all');
    if (isPublic) continue;
    // While it is being published it may be shared already; an image that is not to be published must never be.
    if (image.permissions.length > 0 && (order.verify === 'unsound' || !known.has(image.id))) {
      wrong.push(`${image.id} (${image.name}) is shared with ${FRIEND} and not finished`);
    }
  }
  return wrong;
}

function sharedWith({ permissions }: Image): string[] {
  return permissions.flatMap(({ userId }) => userId ?? []);
}

async function wrongContent(
  image: Image,
  what: 'core' | 'web',
  world: Account['world'],
  store: string,
): Promise<string[]> {
  const root = image.devices.find(({ device }) => device === image.rootDevice);
  const origin = await world.snapshots.find(root?.snapshot)?.origin;
  if (origin?.kind !== 'checkpoint') return ['starts from no files'];
  const { folders } = origin.checkpoint.data as unknown as { readonly folders: readonly string[] };
  const layers = folders.map((folder) => path.join(store, folder)).reverse();
  const read = (file: string): string | undefined => {
    const found = layers.map((layer) => path.join(layer, file)).find((one) => fs.existsSync(one));
    return found === undefined ? undefined : fs.readFileSync(found, 'utf8');
  };
  const wrong: string[] = [];
  const expected: Readonly<Record<string, string | undefined>> = {
    golden: `${CONTENT.core}\n`,
    web: what === 'web' ? `${CONTENT.web}\n` : undefined,
  };
  for (const [file, text] of Object.entries(expected)) {
    if (read(file) !== text) wrong.push(`/${file} holds ${JSON.stringify(read(file))}`);
  }
  const keys = read('home/ubuntu/.ssh/authorized_keys') ?? '';
  const temporary = keysOf(world).filter((key) => keys.includes(key));
  if (temporary.length > 0) wrong.push('a temporary key gets into it');
  return wrong;
}

function keysOf(world: Account['world']): string[] {
  return world.instances.all().flatMap(({ publicKey }) => publicKey?.split(' ')[1] ?? []);
}

/** Secrets that show in a project's files or in what its processes printed. */
export function leaked(
  dir: string,
  printed: readonly string[],
  account: Account,
  secrets: Readonly<Record<string, string>>,
): string[] {
  const all = { ...secrets, ...Object.fromEntries(hostKeys(account).map((key, index) => [`host key ${index}`, key])) };
  const found = [
    ...findBelow(dir, all, []),
    ...printed.flatMap((text) => findIn(Buffer.from(text), all).map((what) => `printed: ${what}`)),
  ];
  // A private key of any kind, such as the temporary one, which only the build's process knows.
  const marks = { 'private key': 'b3BlbnNzaC1rZXktdjE', heading: 'OPENSSH PRIVATE KEY' };
  for (const [name, mark] of Object.entries(marks)) {
    if (printed.some((text) => text.includes(mark))) found.push(`printed: ${name}`);
    for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      if (fs.readFileSync(path.join(entry.parentPath, entry.name)).includes(mark)) found.push(`${entry.name}: ${name}`);
    }
  }
  return found;
}

/** A middle line of each private host key that went into a machine's user data. */
function hostKeys({ world }: Account): string[] {
  return world.instances.all().flatMap(({ userData }) => {
    const text = Buffer.from(userData ?? '', 'base64').toString('utf8');
    const key = /"ed25519_private":"([^"]+)"/.exec(text)?.[1];
    return key === undefined ? [] : [key.split('\\n')[3] ?? key.slice(60, 130)];
  });
}
