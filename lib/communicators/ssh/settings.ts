import type { RunContext } from '../../extension/context';
import { parseDuration } from '../../util/duration';
import { agentOf, offersOf, type Offer } from './credentials';
import type { SshHostKey } from './hop-props';
import type { Address } from './sockets';
import type { SshTarget } from './target';

/** A machine on the way, the last of them the target: everything read and checked that is on this side. */
export interface Hop {
  readonly username: string;
  readonly offers: readonly Offer[];
  readonly hostKey: SshHostKey | undefined;
  readonly pinned?: readonly string[] | undefined;
  readonly agent?: string | undefined;
  /** Where it is; of the target it may come late. */
  address(): Promise<Address>;
}

/** What stays the same for all tries. */
export interface Settings {
  readonly target: SshTarget;
  /** Bastions, then the target itself. */
  readonly hops: readonly Hop[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly keepAlive: number;
  readonly readWriteTimeout: number;
  readonly attempts: number;
}

const TIMEOUT = '5m';
const KEEP_ALIVE = '5s';
const ATTEMPTS = 3;

/** Reads keys and the like: what is wrong on this side fails at once. */
export async function settingsOf(target: SshTarget, ctx: RunContext): Promise<Settings> {
  const bastions = target.bastions ?? (target.bastion ? [target.bastion] : []);
  const hops: Hop[] = [];
  for (const bastion of bastions) {
    const { host, port = 22, username = target.username } = bastion;
    const ownLogin = bastion.password ?? bastion.privateKeyFile ?? bastion.agentAuth;
    const key =
      ownLogin === undefined
        ? { privateKeyFile: target.privateKeyFile, privateKeyPassphrase: target.privateKeyPassphrase }
        : {};
    const offers = await offersOf({ ...bastion, ...key, username }, ctx);
    hops.push({ username, offers, hostKey: bastion.hostKey, address: () => Promise.resolve({ host, port }) });
  }
  const forward = target.agentAuth === true && target.disableAgentForwarding !== true;
  hops.push({
    username: target.username,
    offers: await offersOf(target, ctx),
    hostKey: target.hostKey,
    pinned: target.pinnedHostKeys,
    ...(forward && { agent: agentOf(ctx) }),
    address: async () => (await target.resolve?.()) ?? { host: target.host, port: target.port ?? 22 },
  });
  return {
    target,
    hops,
    timeout: parseDuration(target.timeout ?? TIMEOUT),
    keepAlive: parseDuration(target.keepAliveInterval ?? KEEP_ALIVE),
    readWriteTimeout: target.readWriteTimeout === undefined ? 0 : parseDuration(target.readWriteTimeout),
    attempts: target.handshakeAttempts ?? (target.authMayComeLate === true ? Infinity : ATTEMPTS),
  };
}
