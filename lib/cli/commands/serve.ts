import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import type { Io } from '../io';
import { rehearsalOptions, type RehearsalFlags } from '../rehearsal-flags';
import { stateDirOf } from '../session';

/** Options of `goldsmith rehearse --serve`. */
export interface ServeFlags extends RehearsalFlags {
  readonly serve?: string;
  readonly port?: string;
  readonly state?: string;
  readonly anyKey?: boolean;
}

/** Clouds that are embedded. */
const CLOUDS = ['aws'];

/** Keeps an embedded cloud up for other tools, until it is interrupted. */
export async function serve(io: Io, flags: ServeFlags): Promise<number> {
  const cloud = flags.serve ?? '';
  if (!CLOUDS.includes(cloud)) {
    throw new GoldsmithError('BAD_USAGE', `--serve is ${JSON.stringify(cloud)}; it takes one of ${CLOUDS.join(', ')}`);
  }
  const { openRehearsal } = require('../../rehearsal/open') as typeof import('../../rehearsal/open');
  const interrupted = new Promise<void>((resolve) => {
    const stop = io.onInterrupt(() => {
      stop();
      resolve();
    });
  });
  const rehearsal = await openRehearsal({
    ...rehearsalOptions(flags),
    port: portOf(flags.port),
    projectDir: io.cwd,
    stateDir: path.join(stateDirOf(io.cwd, io, flags.state), 'rehearsal'),
    keep: flags.state !== undefined,
    anyKey: flags.anyKey ?? false,
    env: io.env,
    onWarning: (text) => void io.stderr.write(`${text}\n`),
  });
  const { seed, environment } = rehearsal;
  for (const [name, endpoint] of Object.entries(rehearsal.endpoints)) {
    io.stdout.write(`${JSON.stringify({ type: 'endpoint', cloud: name, endpoint, environment, seed })}\n`);
  }
  try {
    await interrupted;
  } finally {
    await rehearsal.close();
  }
  return 0;
}

function portOf(given: string | undefined): number {
  if (given === undefined) return 0;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new GoldsmithError('BAD_USAGE', `--port is ${JSON.stringify(given)}; it takes a number from 0 to 65535`);
}
