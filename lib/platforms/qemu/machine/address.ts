import * as fs from 'node:fs/promises';
import * as net from 'node:net';
import type { RunContext } from '../../../extension/context';
import { agentSocket } from './layout';
import type { VirtualMachine } from './machine';

/** The address of a guest on a bridge: its agent says it, or this machine's ARP table knows it. */
export function guestAddress(machine: VirtualMachine, ctx: RunContext): Promise<string> {
  const ask = async (): Promise<string | undefined> => {
    ctx.signal.throwIfAborted();
    return (await fromAgent(machine)) ?? (await fromTable(machine));
  };
  return ctx.poll('the address of the guest', ask, { interval: 500, maxInterval: 2000, timeout: 600_000 });
}

interface Interface {
  readonly name: string;
  readonly 'ip-addresses'?: readonly { readonly 'ip-address': string; readonly 'ip-address-type': string }[];
}

async function fromAgent(machine: VirtualMachine): Promise<string | undefined> {
  const text = await question(agentSocket(machine.layout.sockets), '{"execute":"guest-network-get-interfaces"}\n');
  if (text === undefined) return undefined;
  const { return: found = [] } = JSON.parse(text) as { return?: readonly Interface[] };
  return found
    .filter(({ name }) => name !== 'lo')
    .flatMap((one) => one['ip-addresses'] ?? [])
    .find((one) => one['ip-address-type'] === 'ipv4')?.['ip-address'];
}

/** One question, one line of an answer; undefined where nobody answers soon. */
function question(socket: string, text: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const connection = net.connect(socket, () => connection.write(text));
    let got = '';
    const end = (answer?: string): void => {
      connection.destroy();
      resolve(answer);
    };
    connection.setTimeout(1000, () => end());
    connection.on('error', () => end());
    connection.on('data', (part) => {
      got += part.toString('utf8');
      if (got.includes('\n')) end(got.split('\n')[0]);
    });
  });
}

async function fromTable(machine: VirtualMachine): Promise<string | undefined> {
  const cards = await machine.qmp.run<readonly { readonly 'main-mac': string }[]>('query-rx-filter').catch(() => []);
  const mac = cards[0]?.['main-mac'].toLowerCase();
  const table = await fs.readFile('/proc/net/arp', 'utf8').catch(() => '');
  const line = table.split('\n').find((one) => mac !== undefined && one.toLowerCase().includes(mac));
  return line?.split(/\s+/)[0];
}
