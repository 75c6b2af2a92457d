import * as os from 'node:os';
import { connectWinrm, type WinrmTarget } from '../../../lib/communicators/winrm/connect';
import { systemClock } from '../../../lib/engine/clock';
import { GoldsmithError } from '../../../lib/errors';
import type { Communicator } from '../../../lib/extension';
import { provisionContext, type TestContext } from '../../provisioners/support';
import type { WsmanServer } from './helpers/wsman';

export { run, type Ran } from '../ssh/machine';

/** A context for connecting; what it says is kept. */
export function winrmContext(changes: Parameters<typeof provisionContext>[1] = {}): TestContext {
  return provisionContext(os.tmpdir(), {
    clock: systemClock,
    poll: async (what, probe, { timeout = 60_000, interval = 50 } = {}) => {
      for (const end = Date.now() + timeout; Date.now() < end; await systemClock.sleep(interval)) {
        const found = await probe();
        if (found !== undefined) return found;
      }
      throw new GoldsmithError('STEP_TIMEOUT', `waited too long for ${what}`);
    },
    ...changes,
  });
}

/** Where a server of the tests is, and who may log in. */
export function targetOf(server: Pick<WsmanServer, 'port'>, changes: Partial<WinrmTarget> = {}): WinrmTarget {
  return {
    host: '127.0.0.1',
    port: server.port,
    username: 'admin',
    password: 'correct horse',
    timeout: '10s',
    operationTimeout: '1s',
    ...changes,
  };
}

const open: Communicator[] = [];

/** Connects; the connection ends with the test. */
export async function connect(target: WinrmTarget, ctx: TestContext = winrmContext()): Promise<Communicator> {
  const machine = await connectWinrm(target, ctx);
  open.push(machine);
  return machine;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((machine) => machine.close()));
});
