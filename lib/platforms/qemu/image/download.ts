import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { explainErrno } from '../../../util/errno';

/** How often a broken connection is taken up again before the next address is tried. */
const TRIES = 5;

/** Whether a place is an address rather than a path. */
export function isAddress(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** An address as it may be shown: without a password. */
export function shown(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}

/**
 * Downloads into `target`, which may hold the beginning from an earlier try: then only the rest is asked for. A connection that breaks is
 * taken up again.
 */
export async function download(address: string, target: string, ctx: RunContext): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await attemptOnce(address, target, ctx);
      return;
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (GoldsmithError.is(error) || attempt === TRIES) throw explained(error, address);
      ctx.say(`${shown(address)}: ${messageOf(error)}; goes on (${attempt + 1} of ${TRIES})`);
      await ctx.clock.sleep(Math.min(500 * 2 ** attempt, 10_000), ctx.signal);
    }
  }
}

/** A short text, such as a list of checksums. */
export async function fetchText(address: string, ctx: RunContext): Promise<string> {
  const answer = await fetch(address, { signal: ctx.signal }).catch((error: unknown) => {
    throw explained(error, address);
  });
  if (!answer.ok) throw refused(address, answer.status);
  return answer.text();
}

async function attemptOnce(address: string, target: string, ctx: RunContext): Promise<void> {
  const have = await fs.stat(target).then(
    ({ size }) => size,
    () => 0,
  );
  const url = new URL(address);
  const login = url.username === '' ? {} : { authorization: basic(url) };
  url.username = '';
  url.password = '';
  const headers = { ...login, 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) };
  const answer = await fetch(url, { headers, signal: ctx.signal });
  if (answer.status === 416 && have > 0) {
    // The server has no more than what is here, or something else: the checksum will tell.
    await answer.body?.cancel();
    return;
  }
  if (!answer.ok || !answer.body) throw refused(address, answer.status);
  const goesOn = answer.status === 206;
  const start = goesOn ? have : 0;
  const rest = Number(answer.headers.get('content-length') ?? Number.NaN);
  const handle = await fs.open(target, goesOn ? 'a' : 'w', 0o600);
  let current = start;
  try {
    for await (const part of answer.body) {
      await handle.writeFile(part as Uint8Array).catch((error: unknown) => {
        // Nothing that another try would mend.
        throw explainErrno(error, `downloading ${shown(address)}`);
      });
      current += (part as Uint8Array).length;
      const total = Number.isNaN(rest) ? {} : { total: start + rest };
      ctx.progress({ label: `download ${path.posix.basename(url.pathname)}`, current, ...total, unit: 'bytes' });
    }
  } finally {
    await handle.close();
  }
  if (!Number.isNaN(rest) && current < start + rest) throw new Error('the connection ended early');
}

function basic({ username, password }: URL): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function refused(address: string, status: number): GoldsmithError {
  const code =
    status === 401 || status === 403 ? 'ACCESS_DENIED' : status === 404 || status === 410 ? 'NOT_FOUND' : undefined;
  if (code !== undefined)
    return new GoldsmithError(code, `${shown(address)} cannot be fetched: the server answers ${status}`);
  return new GoldsmithError('LOOKUP_FAILED', `${shown(address)} cannot be fetched: the server answers ${status}`, {
    hint: 'see whether the address is right, or name further ones to try',
  });
}

function explained(error: unknown, address: string): unknown {
  if (GoldsmithError.is(error)) return error;
  const cause = (error as { cause?: unknown }).cause ?? error;
  const better = explainErrno(cause, `downloading ${shown(address)}`);
  if (GoldsmithError.is(better)) return better;
  return new GoldsmithError('LOOKUP_FAILED', `${shown(address)} cannot be fetched: ${messageOf(cause)}`, {
    cause: error,
    hint: 'what was downloaded is kept: the next run goes on from there',
  });
}
