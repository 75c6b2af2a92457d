import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { VirtualMachine } from '../machine/machine';

/** Where a PC's text screen lies in memory, how long that is, and the characters of a line (IBM VGA). */
const START = 0xb8000;
const SIZE = 32 * 1024;
const COLUMNS = 80;

/** What the text screen of a PC shows; empty where it shows pictures. */
export async function screenText(machine: VirtualMachine): Promise<string> {
  const file = path.join(machine.layout.dir, 'screen.bin');
  try {
    await machine.qmp.run('pmemsave', { val: START, size: SIZE, filename: file });
    return textOf(await fs.readFile(file));
  } catch {
    return '';
  } finally {
    await fs.rm(file, { force: true });
  }
}

/** Each character has its colours after it. Lines that were scrolled away are there too. */
export function textOf(memory: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at + COLUMNS * 2 <= memory.length; at += COLUMNS * 2) {
    let line = '';
    for (let column = 0; column < COLUMNS; column += 1) {
      const code = memory[at + column * 2]!;
      line += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' ';
    }
    lines.push(line.trimEnd());
  }
  return lines.join('\n').trim();
}
