import { GoldsmithError } from '../../../errors';
import type { QemuConfig } from '../props/qemu-props';
import { writeIso } from './iso';
import { putContent, type Tree } from './tree';

/** Who may enter a guest that cloud-init sets up, and how it proves who it is. */
export interface SeedKeys {
  readonly username: string;
  /** Line for authorized_keys; undefined where the user brings a key or a password of their own. */
  readonly publicKey: string | undefined;
  readonly hostPrivateKey: string;
  readonly hostPublicKey: string;
}

/** Writes the disk on which cloud-init's NoCloud looks for what to do: its label is `cidata`. */
export async function writeSeed(target: string, config: QemuConfig, keys: SeedKeys, instance: string): Promise<void> {
  const given = config.cloudInit === false ? {} : (config.cloudInit ?? {});
  const tree: Tree = new Map();
  putContent(tree, 'meta-data', `${JSON.stringify({ 'instance-id': instance }, null, 2)}\n`);
  putContent(
    tree,
    'user-data',
    given.userData ?? `#cloud-config\n${JSON.stringify(cloudConfig(config, keys), null, 2)}\n`,
  );
  if (given.networkConfig !== undefined) putContent(tree, 'network-config', given.networkConfig);
  await writeIso(target, tree, 'cidata');
}

/**
 * The config: lets goldsmith in with a key, gives the guest a host key that is known, and leaves everything else of the image as it is.
 * JSON is YAML, so nothing needs quoting.
 */
export function cloudConfig({ cloudInit, communicator }: QemuConfig, keys: SeedKeys): Record<string, unknown> {
  const { config = {}, packages, hostname } = cloudInit === false || cloudInit === undefined ? {} : cloudInit;
  const { username, publicKey } = keys;
  const authorized = publicKey === undefined ? {} : { ssh_authorized_keys: [publicKey] };
  const password = typeof communicator === 'object' ? communicator.password : undefined;
  const isRoot = username === 'root';
  const user = {
    name: username,
    ...(!isRoot && { sudo: 'ALL=(ALL) NOPASSWD:ALL', shell: '/bin/sh' }),
    ...(password === undefined ? {} : { plain_text_passwd: password, lock_passwd: false }),
    ...authorized,
  };
  const ours = {
    ...(isRoot && { disable_root: false }),
    ...(password !== undefined && { ssh_pwauth: true }),
    users: [user],
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: keys.hostPrivateKey, ed25519_public: keys.hostPublicKey },
    // What costs time at each boot, and changes nothing that a build wants changed.
    // A word, since cloud-init before 23 takes no other type.
    locale: 'false',
    grub_dpkg: { enabled: false },
    apt: { preserve_sources_list: true },
    no_ssh_fingerprints: true,
    ssh: { emit_keys_to_console: false },
    ...(hostname !== undefined && { hostname, preserve_hostname: false }),
    ...(packages && { packages, package_update: true }),
  };
  return merge(ours, config);
}

/** The user's counts; lists of users are joined, and objects merged. */
function merge(ours: Record<string, unknown>, theirs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if ('ssh_keys' in theirs) {
    throw new GoldsmithError(
      'INVALID_PROPS',
      '`cloudInit.config.ssh_keys` cannot be given: goldsmith makes the host key, and pins it',
      {
        hint: 'leave it out, or write the whole of `cloudInit.userData`',
      },
    );
  }
  const result = { ...ours };
  for (const [key, value] of Object.entries(theirs)) {
    const own = ours[key];
    if (key === 'users' && Array.isArray(value)) result[key] = [...(value as unknown[]), ...(own as unknown[])];
    else if (isObject(own) && isObject(value)) result[key] = { ...own, ...value };
    else result[key] = value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
