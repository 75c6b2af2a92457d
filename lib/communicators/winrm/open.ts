import type { Socket } from 'node:net';
import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import { withinTime } from '../../util/within-time';
import { SshFailure } from '../ssh/failure';
import { connectByProxy } from '../ssh/proxy';
import { connectTcp, type Address } from '../ssh/sockets';
import { secured } from './certificate';
import { Connection } from './connection';
import { LinkLost, WinrmFailure, type Phase } from './failure';
import type { Settings } from './settings';
import { stopped } from './stopped';

/** What one try may do, and whom it tells. */
export interface Trial {
  readonly signal: AbortSignal;
  /** Milliseconds that a phase may take. */
  readonly patience: number;
  readonly onPhase: (phase: Phase, address: Address) => void;
}

/** Makes one try to connect and to log in. */
export async function openConnection(
  settings: Settings,
  ctx: RunContext,
  { signal, patience, onPhase }: Trial,
): Promise<Connection> {
  const { target, port, proxy, secure } = settings;
  let address: Address = { host: target.host, port };
  let phase: Phase = 'address';
  const enter = (next: Phase): void => onPhase((phase = next), address);
  const limited = <T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    inPatience(ctx, signal, patience, phase, body);
  let socket: Socket | undefined;
  try {
    enter('address');
    address = (await target.resolve?.()) ?? address;
    enter('TCP');
    socket = await limited((inTime) => (proxy ? connectByProxy(proxy, address, inTime) : connectTcp(address, inTime)));
    if (secure) {
      enter('certificate');
      const plain = socket;
      socket = await limited((inTime) => secured(plain, address.host, settings, inTime));
    }
    enter('HTTP');
    const connection = new Connection(socket, address, settings);
    if (settings.transport === 'ntlm') enter('authentication');
    await limited((inTime) => connection.login(inTime, ctx.clock.now()));
    return connection;
  } catch (error) {
    socket?.on('error', () => undefined).destroy();
    signal.throwIfAborted();
    throw failureOf(error, phase);
  }
}

function failureOf(error: unknown, phase: Phase): unknown {
  if (error instanceof SshFailure)
    return new WinrmFailure(error.phase === 'address' ? 'address' : 'TCP', error.message, error);
  // It breaks off before it says anything: it does not speak HTTP, or is just starting.
  if (error instanceof LinkLost) return new WinrmFailure('HTTP', error.message, { cause: error });
  if (error instanceof WinrmFailure || GoldsmithError.is(error)) return error;
  return new WinrmFailure(phase, error instanceof Error ? error.message : String(error), { cause: error });
}

/** A peer that does not answer may never let the body end: it is not waited for. */
export function inPatience<T>(
  ctx: RunContext,
  signal: AbortSignal,
  patience: number,
  phase: Phase,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = (): WinrmFailure => new WinrmFailure(phase, `no answer for ${Math.round(patience / 100) / 10} s`);
  return withinTime(ctx.clock, patience, signal, late, (inTime) => Promise.race([body(inTime), stopped(inTime)]));
}
