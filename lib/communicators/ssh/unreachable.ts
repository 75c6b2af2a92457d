import { GoldsmithError } from '../../errors';
import { Tail } from '../../util/tail';
import type { Phase, SshFailure } from './failure';
import type { Settings } from './settings';
import type { Address } from './sockets';

/** The error of a connection that could not be made: how far it came, where to, as whom, with what, and the last error. */
export async function unreachable(
  { target, hops }: Settings,
  failure: SshFailure,
  trial: {
    readonly tries: number;
    /** Milliseconds. */
    readonly spent: number;
    readonly address: Address;
    readonly hopeless: boolean;
  },
): Promise<GoldsmithError> {
  const { tries, spent, address, hopeless } = trial;
  const console = await target.console?.().catch(() => undefined);
  const { host, port } = address;
  const way = hops.length > 1 || target.proxy ? ` (on the way to ${target.host}:${target.port ?? 22})` : '';
  const effort = tries === 1 ? '1 try' : `${tries} tries`;
  const end = hopeless ? '' : ', and its time is up';
  const offered = failure.offered?.length ? `; offered were ${failure.offered.join(', ')}` : '';
  return new GoldsmithError(
    'CONNECT_FAILED',
    `no SSH connection to ${target.username}@${host}:${port}${way}: it came as far as ${NAMES[failure.phase]} ` +
      `in ${effort} (${(spent / 1000).toFixed(1)} s)${end}; the last error: ${failure.message}${offered}`,
    {
      hint: failure.hint ?? HINTS[failure.phase],
      ...(console !== undefined && console !== '' && { output: lastLines(console) }),
      cause: failure,
    },
  );
}

const NAMES: Readonly<Record<Phase, string>> = {
  address: 'looking up the address',
  TCP: 'the TCP connection',
  banner: "waiting for the SSH server's banner",
  'key exchange': 'the key exchange',
  'host key': 'the host key',
  authentication: 'the login',
  shell: 'starting a shell',
};

const HINTS: Readonly<Record<Phase, string>> = {
  address: 'is `host` spelt right, and known to the name server here?',
  TCP: 'does the machine run, does its SSH server listen on this port, and does a firewall let us through?',
  banner:
    'something takes the connection but does not speak SSH: is the port right, and is the machine still starting?',
  'key exchange': 'is it an SSH server that listens there? its log says why it broke off',
  'host key': 'see `hostKey`',
  authentication:
    "are `username` and the key or password right, and does the machine's SSH server allow this way to log in?",
  shell: "may this user run commands? the login shell and the SSH server's ForceCommand decide that",
};

function lastLines(text: string): string {
  const tail = new Tail(15);
  tail.push(text);
  return tail.toString();
}
