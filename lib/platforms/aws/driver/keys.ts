import { createKeyPair, type KeyPair } from '../../../communicators/ssh/key-pair';
import type { ResourceContext } from '../../../extension/context';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

/** The keys of one machine; they are in this process only. */
export interface MachineKeys {
  /** The temporary key pair; undefined where the user brings a key, an agent or a password, or nobody logs in. */
  readonly user: KeyPair | undefined;
  /** The key with which the machine proves who it is; undefined where its user data is the user's. */
  readonly host: KeyPair | undefined;
}

/** Makes what the machine needs. */
export function makeKeys(config: AmazonEbsConfig, isWindows: boolean, ctx: ResourceContext): MachineKeys {
  const { communicator, userData, userDataFile } = config;
  const given = typeof communicator === 'object' ? communicator : undefined;
  const ssh = given?.type === 'ssh' ? given : undefined;
  const usesSsh = communicator === undefined || ssh !== undefined;
  const ownLogin = ssh?.privateKeyFile !== undefined || ssh?.agentAuth === true || ssh?.password !== undefined;
  // Windows' password comes encrypted with the key of the key pair, which must be RSA.
  const decrypts = isWindows || (given?.type === 'winrm' && given.password === undefined);
  const { type = 'ed25519', bits } = ssh?.temporaryKeyPair ?? {};
  const user =
    decrypts && !ownLogin
      ? createKeyPair('rsa', 2048)
      : usesSsh && !ownLogin && config.sshKeypairName === undefined
        ? createKeyPair(type, bits)
        : undefined;
  const isFree = userData === undefined && userDataFile === undefined && !isWindows;
  const pins = usesSsh && isFree && (ssh?.hostKey ?? 'pinned') === 'pinned';
  const host = pins ? createKeyPair('ed25519') : undefined;
  for (const pair of [user, host]) if (pair) ctx.secret(pair.privateKey);
  return { user, host };
}

/** Goldsmith's own user data: cloud-init gives the machine a host key that is known. JSON is YAML, so nothing needs quoting. */
export function hostKeyData({ privateKey, publicKey }: KeyPair): string {
  const config = { ssh_deletekeys: true, ssh_keys: { ed25519_private: privateKey, ed25519_public: publicKey } };
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}
