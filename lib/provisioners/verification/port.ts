import { isIP } from 'node:net';
import { z } from 'zod';
import type { CheckResult } from '../../extension/check';
import { MAIN_LOG } from '../../extension/communicator';
import { duration } from '../../extension/props';
import { resultOf, type Guest } from './guest';
import { plainAddress, readSockets, SOCKETS_SCRIPT } from './sockets';
import { lookUntil, WITHIN, type Look } from './wait';

/** A port that must (or must not) be listened at. */
export interface PortCheck {
  /** Its number. */
  readonly port: number;
  /**
   * Its protocol. A UDP port counts as listening when it is bound.
   * @default 'tcp'
   */
  readonly protocol?: 'tcp' | 'udp';
  /**
   * The exact address that is listened at: `127.0.0.1` where nobody else may reach it, `0.0.0.0` or `::` for all of a family.
   * @default - any
   */
  readonly address?: string;
  /**
   * Whether it must be listened at.
   * @default true
   */
  readonly listening?: boolean;
  /**
   * How long it may take until it is, such as `1m`: services start after the machine answers. One that must not be listened at is
   * looked at once, after everything that is waited for.
   * @default - `within` of the verification
   */
  readonly within?: string;
}

const number = z.number().int().min(1).max(65_535);

/** Checks {@link PortCheck}. */
export const portSchema = z.strictObject({
  port: number,
  protocol: z.enum(['tcp', 'udp']).optional(),
  address: z
    .string()
    .refine((given) => isIP(given) !== 0, 'an IP address, such as `127.0.0.1` or `::`')
    .optional(),
  listening: z.boolean().optional(),
  within: duration().optional(),
});

/** A port, or only its number. */
export const portEntry = z.union([number, portSchema]);

type Port = z.output<typeof portSchema>;

/** A port as a whole entry. */
export function portOf(entry: z.output<typeof portEntry>): Port {
  return typeof entry === 'number' ? { port: entry } : entry;
}

/** Waits until a port is listened at, or looks once that it is not. */
export async function checkPort(check: Port, within: string | undefined, guest: Guest): Promise<CheckResult> {
  const { port, protocol = 'tcp', address } = check;
  const name = `port ${port}/${protocol}${address === undefined ? '' : ` at ${address}`}`;
  const look = async (): Promise<Look> => lookAt(check, (await guest.runAsRoot(SOCKETS_SCRIPT)).stdout);
  if (check.listening === false) {
    const { wrong } = await look();
    return resultOf(`${name} closed`, wrong);
  }
  const { wrong } = await lookUntil(name, check.within ?? within ?? WITHIN, guest.ctx, look);
  if (wrong.length === 0 || !guest.machine.main) return resultOf(name, wrong);
  return resultOf(name, wrong, (await guest.run(`cat ${MAIN_LOG} 2>/dev/null`)).tail);
}

function lookAt({ port, protocol = 'tcp', address, listening: wanted = true }: Port, printed: string): Look {
  const { listening, held } = readSockets(printed);
  if (!listening) return { wrong: ['cannot be looked at: the machine has no /proc/net/tcp'], final: true };
  const open = listening.filter((socket) => socket.port === port && socket.protocol === protocol);
  const own = open.filter(({ inode }) => held === undefined || held.has(inode));
  const fitting = own.filter((socket) => address === undefined || socket.address === plainAddress(address));
  const places = [...new Set(own.map((socket) => socket.address))].join(', ');
  if (!wanted) return { wrong: fitting.length > 0 ? [`is listened at (${places}), but must not be`] : [] };
  if (fitting.length > 0) return { wrong: [] };
  if (own.length > 0) return { wrong: [`is listened at on ${places}, expected ${plainAddress(address!)}`] };
  if (open.length > 0)
    return { wrong: ['is listened at, but by no process of this machine: it shares its network with others'] };
  return { wrong: ['is not listened at'] };
}
