import { idleContext } from '../../../../lib/engine/idle-context';
import type { RunContext } from '../../../../lib/extension/context';
import { Importer } from '../../../../lib/rehearsal/machines/importer';
import { systemClock } from '../../../../lib/engine';
import { awsCloud } from '../../../../lib/rehearsal/aws/aws-cloud';
import { PUBLIC_IMAGES } from '../../../../lib/rehearsal/aws/catalog';
import { Quota } from '../../../../lib/rehearsal/aws/quota';
import { World } from '../../../../lib/rehearsal/aws/world';
import { dice } from '../../../../lib/rehearsal/dice';
import { Inventory } from '../../../../lib/rehearsal/inventory';
import { emptyRoom, type Room } from '../../../../lib/rehearsal/machines/computer';
import { openSandboxRoom } from '../../../../lib/rehearsal/machines/sandbox-room';
import { Pace } from '../../../../lib/rehearsal/pace';
import { serve } from '../../../../lib/rehearsal/server';
import { Trouble, type TroubleOptions } from '../../../../lib/rehearsal/trouble';

/** How much faster than in life the account's time passes, and milliseconds for which something new is not seen, at most about. */
const SPEED = 400;
const HIDDEN = 250;

/** Trouble that is counted. */
class Counted extends Trouble {
  readonly counts: Partial<Record<keyof TroubleOptions, number>> = {};

  override strikes(what: keyof TroubleOptions): boolean {
    const does = super.strikes(what);
    if (does) this.counts[what] = (this.counts[what] ?? 0) + 1;
    return does;
  }
}

/** An AWS of its own, at whose calls something can be done. */
export interface Account {
  readonly world: World;
  readonly inventory: Inventory;
  readonly env: Readonly<Record<string, string>>;
  readonly counts: Counted['counts'];
  readonly warnings: readonly string[];
  /** Called before and after each call with its number, from 1. */
  onCall: ((phase: 'before' | 'after', number: number) => void) | undefined;
  close(): Promise<void>;
}

/** Of accounts whose instances have states only: nothing is ever written there. */
const NOWHERE = '/nonexistent';

function contextIn(stateDir: string): RunContext {
  return idleContext({ projectDir: stateDir, stateDir, tempDir: stateDir, env: { PATH: process.env['PATH'] } });
}

/** Machines in a folder, for several accounts one after the other or at once. */
export function openRoom(stateDir: string): Promise<Room> {
  return openSandboxRoom(contextIn(stateDir));
}

/** Opens an account. Without a room its instances have states only. */
export async function openAccount(seed: string, trouble: TroubleOptions, room: Room = emptyRoom): Promise<Account> {
  const warnings: string[] = [];
  const inventory = new Inventory();
  const counted = new Counted(trouble, dice(`trouble ${seed}`), HIDDEN);
  const world = new World({
    pace: new Pace(systemClock, SPEED),
    room,
    seed,
    trouble: counted,
    inventory,
    catalog: { images: PUBLIC_IMAGES, parameters: {}, secrets: {}, baseOf: () => ({ kind: 'minimal' }) },
    sshPort: 22,
    quota: new Quota({}),
    disks: NOWHERE,
    drives: undefined,
    importer: new Importer(NOWHERE, contextIn(NOWHERE)),
    knownKeys: undefined,
    knownBuckets: undefined,
    warn: (text) => void warnings.push(text),
  });
  const cloud = awsCloud(world, PUBLIC_IMAGES);
  let calls = 0;
  const server = await serve(
    {
      ...cloud,
      handle: async (request) => {
        const number = (calls += 1);
        account.onCall?.('before', number);
        const answer = await cloud.handle(request);
        account.onCall?.('after', number);
        return answer;
      },
    },
    0,
  );
  const account: Account = {
    world,
    inventory,
    counts: counted.counts,
    warnings,
    env: { ...cloud.environment(server.endpoint) },
    onCall: undefined,
    close: async () => {
      await server.close();
      await cloud.close();
    },
  };
  return account;
}
