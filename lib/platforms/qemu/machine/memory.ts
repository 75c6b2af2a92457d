import * as fs from 'node:fs/promises';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { shellQuote } from '../../../util/quote';
import { findCommand } from '../../../util/which';
import { QmpRefused, type Qmp } from './qmp';

/** Bytes a second that QEMU may move: as many as it can. */
const NO_LIMIT = 2 ** 50;

/** Writes the memory of a machine that is stopped into a file, compressed where zstd is there. */
export async function saveMemory(qmp: Qmp, file: string, ctx: RunContext): Promise<void> {
  await fs.writeFile(file, '', { mode: 0o600, flag: 'wx' });
  const zstd = await findCommand('zstd', ctx.env['PATH']);
  const writer = zstd === undefined ? 'cat' : `${shellQuote(zstd)} -q -c --fast=1`;
  await qmp.run('migrate-set-parameters', { 'max-bandwidth': NO_LIMIT });
  await qmp.run('migrate', { uri: `exec:${writer} > ${shellQuote(file)}` });
  await finished(qmp, 'the memory to be saved', ctx);
  // It holds all that the guest knew, secrets too.
  await fs.chmod(file, 0o600);
}

/** Fills the memory of a machine that was started to wait for it. */
export async function loadMemory(qmp: Qmp, file: string, ctx: RunContext): Promise<void> {
  const head = Buffer.alloc(4);
  const handle = await fs.open(file);
  await handle.read(head, 0, 4, 0).finally(() => handle.close());
  const isPacked = head.toString('hex') === '28b52ffd';
  const zstd = isPacked ? await findCommand('zstd', ctx.env['PATH']) : undefined;
  if (isPacked && zstd === undefined) throw new GoldsmithError('LAUNCH_FAILED', 'zstd is not installed any more');
  const reader = zstd === undefined ? 'cat' : `${shellQuote(zstd)} -q -d -c`;
  await qmp.run('migrate-set-parameters', { 'max-bandwidth': NO_LIMIT });
  await qmp.run('migrate-incoming', { uri: `exec:${reader} < ${shellQuote(file)}` });
  await finished(qmp, 'the memory to be loaded', ctx);
}

interface Migration {
  readonly status?: string;
  readonly 'error-desc'?: string;
  readonly ram?: { readonly transferred: number; readonly total: number };
}

async function finished(qmp: Qmp, what: string, ctx: RunContext): Promise<void> {
  await ctx.poll(
    what,
    async () => {
      const { status, 'error-desc': error } = await qmp.run<Migration>('query-migrate');
      if (status === 'failed' || status === 'cancelled') throw new QmpRefused('migrate', error ?? status);
      return status === 'completed' ? true : undefined;
    },
    { interval: 20, maxInterval: 100, timeout: 600_000 },
  );
}
