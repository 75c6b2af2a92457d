import { fixedId } from '../ids';
import type { Caller } from '../table';
import type { World } from '../world';

/** A key of KMS. */
export interface Key {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly createdAt: number;
  readonly description: string;
  /** AWS's own for a service, or the account's. */
  readonly manager: 'AWS' | 'CUSTOMER';
  state: 'Enabled' | 'Disabled';
  readonly aliases: Set<string>;
}

/** ARN of a key. */
export function keyArn({ region, account, id }: Key): string {
  return `arn:aws:kms:${region}:${account}:key/${id}`;
}

/**
 * The key that an id, alias or ARN names, as seen from the caller's region; undefined where there is none. AWS's own key for EBS is there
 * from the beginning. So is every other that is named, unless the rehearsal was told which keys there are.
 */
export function findKey(world: World, caller: Caller, name: string): Key | undefined {
  const [, region = caller.region, account = caller.account, rest = name] =
    /^arn:[^:]+:kms:([^:]+):(\d{12}):(?:key\/)?(.+)$/.exec(name) ?? [];
  if (region !== caller.region) return undefined;
  const own = [...world.keys.values()].filter((key) => key.region === region && key.account === account);
  const found = own.find((key) => key.id === rest || key.aliases.has(rest));
  if (found) return found;
  const isStandard = rest === 'alias/aws/ebs';
  const isKnown = isStandard || (world.knownKeys?.some((one) => one === name || one === rest) ?? isName(rest));
  if (!isKnown) return undefined;
  const alias = rest.startsWith('alias/') ? [rest] : [];
  return addKey(world, {
    id: alias.length === 0 ? rest : keyId(`${account} ${region} ${rest}`),
    account,
    region,
    createdAt: 0,
    description: isStandard ? 'Default key that protects my EBS volumes when no other key is defined' : '',
    manager: isStandard ? 'AWS' : 'CUSTOMER',
    state: 'Enabled',
    aliases: new Set(alias),
  });
}

/** A key that can be used; undefined where there is none, or it is disabled. */
export function usableKey(world: World, caller: Caller, name: string): Key | undefined {
  const key = findKey(world, caller, name);
  return key?.state === 'Enabled' ? key : undefined;
}

/** Adds a key. */
export function addKey(world: World, key: Key): Key {
  world.keys.set(keyArn(key), key);
  return key;
}

/** Ids of keys are UUIDs; this one is always the same for a text. */
export function keyId(of: string): string {
  const hex = fixedId('key', of).slice(4).padEnd(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(12, 15)}`, `a${hex.slice(15, 17)}0`, hex.slice(20, 32)].join(
    '-',
  );
}

function isName(text: string): boolean {
  return /^(alias\/(?!aws\/)[\w/-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/.test(text);
}
