import type { Dice } from '../dice';
import { noAddress, SshFront, type Door } from './ssh-front';

const TRIES = 50;

/**
 * Opens an address of this machine's own for an instance: one of 127.0.0.0/8, all of which Linux answers at, so that each instance
 * has port 22 to itself.
 */
export async function openAddress(dice: Dice, port: number, door: Door): Promise<SshFront> {
  for (let tries = 0; tries < TRIES; tries++) {
    const byte = (from: number, to: number): number => from + Math.floor(dice.next() * (to - from));
    const front = await SshFront.open(`127.${byte(16, 255)}.${byte(0, 255)}.${byte(1, 255)}`, port, door);
    if (front) return front;
  }
  throw noAddress();
}
