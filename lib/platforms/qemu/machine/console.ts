import * as fs from 'node:fs/promises';
import { serialLog } from './layout';

/** Sequences that colour and move: of ECMA-48, and titles of xterm. */
const CONTROLS = new RegExp('\\u001b(\\[[0-9;?]*[ -/]*[@-~]|\\][^\\u0007]*\\u0007|[()][A-Z0-9]|[=>78])', 'g');

/** What the guest has written to its serial console, from `start` on (in bytes). */
export async function readConsole(dir: string, start = 0): Promise<{ readonly text: string; readonly end: number }> {
  const handle = await fs.open(serialLog(dir)).catch(() => undefined);
  if (!handle) return { text: '', end: 0 };
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(Math.max(0, size - start)),
      0,
      Math.max(0, size - start),
      start,
    );
    return { text: plainText(buffer.subarray(0, bytesRead).toString('utf8')), end: start + bytesRead };
  } finally {
    await handle.close();
  }
}

/** Its last lines, without colours. */
export async function consoleTail(dir: string, lines = 20): Promise<string> {
  const { size } = await fs.stat(serialLog(dir)).catch(() => ({ size: 0 }));
  const { text } = await readConsole(dir, Math.max(0, size - 16_384));
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-lines)
    .join('\n');
}

/** A text without what only steers a terminal. */
export function plainText(text: string): string {
  return text.replace(CONTROLS, '').replace(/\r/g, '');
}
