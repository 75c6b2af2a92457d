import { createKeyPair } from '../../../communicators/ssh/key-pair';
import type { QemuConfig } from '../props/qemu-props';

/** The keys of one machine. They are in its folder, which nobody else may read, and go when it goes. */
export interface MachineKeys {
  /** Whom goldsmith logs in as. */
  readonly username: string;
  /** The temporary key; undefined where the user brought a key, an agent or a password. */
  readonly user: { readonly privateKey: string; readonly publicKey: string } | undefined;
  /** The key with which the guest proves who it is; undefined where cloud-init does not give it one. */
  readonly host: { readonly privateKey: string; readonly publicKey: string } | undefined;
}

/** Makes what the machine needs. */
export function makeKeys(config: QemuConfig): MachineKeys {
  const given = typeof config.communicator === 'object' ? config.communicator : undefined;
  const seeded = usesSeed(config) && injects(config);
  const own = given?.privateKeyFile !== undefined || given?.agentAuth === true;
  const wantsKey = !own && (seeded || given?.temporaryKeyPair !== undefined);
  const { type = 'ed25519', bits } = given?.temporaryKeyPair ?? {};
  return {
    username: given?.username ?? 'root',
    user: wantsKey ? withoutFingerprint(createKeyPair(type, bits)) : undefined,
    host: seeded ? withoutFingerprint(createKeyPair('ed25519')) : undefined,
  };
}

/** Whether the guest gets a seed: wherever it starts from a disk, unless that is not wanted. */
export function usesSeed({ cloudInit, iso, kernel, image }: QemuConfig): boolean {
  if (cloudInit === false) return false;
  return cloudInit !== undefined || (iso === undefined && (kernel === undefined || image !== undefined));
}

/** Whether the seed is ours to write keys into. */
export function injects({ cloudInit }: QemuConfig): boolean {
  return cloudInit === undefined || (cloudInit !== false && cloudInit.userData === undefined);
}

function withoutFingerprint({ privateKey, publicKey }: { privateKey: string; publicKey: string }): {
  privateKey: string;
  publicKey: string;
} {
  return { privateKey, publicKey };
}
