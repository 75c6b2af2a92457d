import { GoldsmithError } from '../../errors';
import { Tail } from '../../util/tail';
import type { Address } from '../ssh/sockets';
import type { Phase, WinrmFailure } from './failure';
import type { Settings } from './settings';

/** The error of a connection that could not be made: how far it came, where to, as whom, how, and the last error. */
export async function unreachable(
  { target, proxy, username, transport, secure }: Settings,
  failure: WinrmFailure,
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
  const who = username === '' ? '' : `${username}@`;
  const way = proxy === undefined ? '' : ` (through the proxy ${proxy.host})`;
  const effort = tries === 1 ? '1 try' : `${tries} tries`;
  const end = hopeless ? '' : ', and its time is up';
  const how = `${transport} over ${secure ? 'HTTPS' : 'HTTP'}`;
  return new GoldsmithError(
    'CONNECT_FAILED',
    `no WinRM connection to ${who}${address.host}:${address.port}${way} by ${how}: it came as far as ${NAMES[failure.phase]} ` +
      `in ${effort} (${(spent / 1000).toFixed(1)} s)${end}; the last error: ${failure.message}`,
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

function lastLines(text: string): string {
  const tail = new Tail(15);
  tail.push(text);
  return tail.toString();
}
