import { readFile } from 'node:fs/promises';
import type { RunContext } from '../../extension/context';
import { userPath } from './credentials';
import { SshFailure } from './failure';
import { fingerprintOf, typeOf } from './key-pair';
import { knownKeys } from './known-hosts';
import type { SshHostKey } from './hop-props';

/** How the key of one machine is judged. */
export interface HostKeyCheck {
  /** Types of the keys that are known, to be asked for first: a machine has several. */
  readonly types: readonly string[];
  /** @throws SshFailure where the key is not the right one */
  check(key: Buffer): Promise<void>;
}

/** Which machine, and what is known of it. */
export interface HostKeySubject {
  readonly host: string;
  readonly port: number;
  readonly policy: SshHostKey | undefined;
  readonly pinned?: readonly string[] | undefined;
  readonly knownHostsFile?: string | undefined;
}

/** How a host key is judged: by the policy, which is `pinned` where there is something to pin, else `first-use`. */
export async function hostKeyCheck(subject: HostKeySubject, ctx: RunContext): Promise<HostKeyCheck> {
  const { pinned = [] } = subject;
  const policy = subject.policy ?? (pinned.length > 0 ? 'pinned' : 'first-use');
  switch (policy) {
    case 'insecure':
      return { types: [], check: () => Promise.resolve() };
    case 'pinned':
      return pinnedCheck(subject, pinned);
    case 'known-hosts':
      return knownHostsCheck(subject, ctx);
    case 'first-use':
      return firstUseCheck(subject, ctx);
    default:
      return pinnedCheck(subject, [policy], 'what `hostKey` says');
  }
}

function pinnedCheck(
  subject: HostKeySubject,
  pinned: readonly string[],
  source = 'what the machine was given',
): HostKeyCheck {
  if (pinned.length === 0) {
    throw new SshFailure('host key', "`hostKey` is 'pinned', but the platform gave this machine no key", {
      hopeless: true,
      hint: "say 'known-hosts', 'first-use' or a fingerprint",
    });
  }
  const known = pinned.map((entry) => {
    if (entry.startsWith('SHA256:')) return { print: entry.replace(/=+$/, ''), type: undefined };
    const blob = Buffer.from(entry.trim().split(/\s+/)[1] ?? '', 'base64');
    return { print: fingerprintOf(blob), type: typeOf(blob) };
  });
  return {
    types: known.flatMap(({ type }) => type ?? []),
    check: (key) => {
      if (known.some(({ print }) => print === fingerprintOf(key))) return Promise.resolve();
      return Promise.reject(mismatch(subject, key, known.map(({ print }) => print).join(', '), source));
    },
  };
}

async function knownHostsCheck(subject: HostKeySubject, ctx: RunContext): Promise<HostKeyCheck> {
  const file = userPath(subject.knownHostsFile ?? '~/.ssh/known_hosts', ctx);
  const text = await readFile(file, 'utf8').catch(() => '');
  const keys = knownKeys(text, subject.host, subject.port);
  const valid = keys.filter(({ revoked }) => !revoked);
  return {
    types: valid.map(({ type }) => type),
    check: (key) => {
      if (keys.some(({ blob, revoked }) => revoked && blob.equals(key))) {
        return Promise.reject(
          new SshFailure('host key', `${file} says that the host key ${fingerprintOf(key)} is revoked`, {
            hopeless: true,
          }),
        );
      }
      if (valid.some(({ blob }) => blob.equals(key))) return Promise.resolve();
      const ofType = valid.filter(({ type }) => type === typeOf(key));
      if (ofType.length > 0)
        return Promise.reject(mismatch(subject, key, ofType.map(({ blob }) => fingerprintOf(blob)).join(', '), file));
      const { host, port } = subject;
      return Promise.reject(
        new SshFailure('host key', `${file} does not know the host key of ${host}:${port}: ${shown(key)}`, {
          hopeless: true,
          hint: `make sure that it is the right one, then add it with \`ssh-keyscan -p ${port} ${host} >>${file}\``,
        }),
      );
    },
  };
}

async function firstUseCheck(subject: HostKeySubject, ctx: RunContext): Promise<HostKeyCheck> {
  const { host, port } = subject;
  const name = `ssh ${host}:${port}`;
  const recorded = await ctx.trust?.recorded(name);
  return {
    types: recorded === undefined ? [] : [recorded.split(' ')[0]!],
    check: async (key) => {
      const known = recorded ?? (await ctx.trust?.record(name, shown(key)));
      if (known === undefined) {
        ctx.warn(`the host key of ${host}:${port} is taken on trust: ${shown(key)}`);
      } else if (known !== shown(key)) {
        throw mismatch(subject, key, known.split(' ')[1] ?? known, 'goldsmith.lock.json');
      } else if (recorded === undefined) {
        ctx.say(
          `${host}:${port} is seen for the first time: its host key ${shown(key)} is recorded in goldsmith.lock.json`,
        );
      }
    },
  };
}

function shown(key: Buffer): string {
  return `${typeOf(key)} ${fingerprintOf(key)}`;
}

function mismatch({ host, port }: HostKeySubject, key: Buffer, known: string, source: string): SshFailure {
  return new SshFailure(
    'host key',
    `the host key of ${host}:${port} is not the one that is known: known is ${known} (${source}), it showed ${fingerprintOf(key)}`,
    {
      hopeless: true,
      hint: `either somebody is in between, or the machine was made anew; where you know that it was, remove the old key (${source})`,
    },
  );
}
