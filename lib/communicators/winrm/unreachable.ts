import type { GoldsmithError } from '../../errors';
import { cannotConnect, type Trial } from '../cannot-connect';
import type { Phase, WinrmFailure } from './failure';
import type { Settings } from './settings';

/** The error of a connection that could not be made: how far it came, where to, as whom, how, and the last error. */
export function unreachable(
  { target, proxy, username, transport, secure }: Settings,
  failure: WinrmFailure,
  trial: Trial,
): Promise<GoldsmithError> {
  const { host, port } = trial.address;
  const who = username === '' ? '' : `${username}@`;
  const way = proxy === undefined ? '' : ` (through the proxy ${proxy.host})`;
  const what = {
    kind: 'WinRM',
    to: `${who}${host}:${port}${way} by ${transport} over ${secure ? 'HTTPS' : 'HTTP'}`,
    phase: NAMES[failure.phase],
    message: failure.message,
    hint: failure.hint ?? HINTS[failure.phase],
    console: target.console,
    cause: failure,
  };
  return cannotConnect(what, trial);
}

const NAMES: Readonly<Record<Phase, string>> = {
  address: 'looking up the address',
  TCP: 'the TCP connection',
  certificate: "the machine's certificate",
  HTTP: 'asking for WinRM by HTTP',
  authentication: 'the login',
  shell: 'starting a shell',
};

const HINTS: Readonly<Record<Phase, string>> = {
  address: 'is `host` spelt right, and known to the name server here?',
  TCP: 'does the machine run, does WinRM listen on this port (`winrm enumerate winrm/config/listener`), and does a firewall let us through?',
  certificate: 'see `fingerprint`, `caFile` and `insecure`; does an HTTPS listener have this port?',
  HTTP: 'something takes the connection but does not speak WinRM: is the port right, and does `useSsl` fit it?',
  authentication: "are `username` and `password` right, and does the machine's WinRM allow this `transport`?",
  shell: 'may this user use WinRM? It must be an administrator, or one of Remote Management Users',
};
