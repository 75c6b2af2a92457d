import type { GoldsmithError } from '../../errors';
import { cannotConnect, type Trial } from '../cannot-connect';
import type { Phase, SshFailure } from './failure';
import type { Settings } from './settings';

/** The error of a connection that could not be made: how far it came, where to, as whom, with what, and the last error. */
export function unreachable({ target, hops }: Settings, failure: SshFailure, trial: Trial): Promise<GoldsmithError> {
  const { host, port } = trial.address;
  const way = hops.length > 1 || target.proxy ? ` (on the way to ${target.host}:${target.port ?? 22})` : '';
  const offered = failure.offered?.length ? `; offered were ${failure.offered.join(', ')}` : '';
  const what = {
    kind: 'SSH',
    to: `${target.username}@${host}:${port}${way}`,
    phase: NAMES[failure.phase],
    message: `${failure.message}${offered}`,
    hint: failure.hint ?? HINTS[failure.phase],
    console: target.console,
    cause: failure,
  };
  return cannotConnect(what, trial);
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
