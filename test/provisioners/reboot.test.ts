import { GoldsmithError } from '../../lib/errors';
import type { Communicator, ExecResult } from '../../lib/extension';
import { RebootProvisioner, reboot } from '../../lib/provisioners';
import { virtualClock } from '../../lib/testing';
import { provisionContext, scriptedMachine, temporaryFolder } from './support';

const folder = temporaryFolder();

/** A machine whose answers are written down: a boot id with a state, or that it is away. */
function machineThat(
  answers: readonly string[],
  restart: ExecResult = { ended: 'disconnect' },
): Communicator & { readonly ran: string[] } {
  const queue = [...answers];
  const ran: string[] = [];
  return {
    ...scriptedMachine(),
    restartable: true,
    ran,
    exec: (command, { onOutput }) => {
      ran.push(command);
      if (!command.includes('boot_id')) return Promise.resolve(restart);
      const next = queue.length > 1 ? queue.shift()! : queue[0]!;
      if (next === 'away') return Promise.reject(new GoldsmithError('CONNECT_FAILED', 'nobody answers'));
      onOutput?.(next.replace(' ', '\n'), 'stdout');
      return Promise.resolve({ ended: 'exit', code: 0 });
    },
  };
}

function run(machine: Communicator, config: Parameters<typeof reboot.run>[0] = {}): Promise<void> {
  const clock = virtualClock();
  const ctx = provisionContext(folder, {
    clock,
    poll: async (what, probe, { timeout = 0, interval = 100 } = {}) => {
      for (const end = clock.now() + timeout; clock.now() < end; await clock.sleep(interval)) {
        const found = await probe();
        if (found !== undefined) return found;
      }
      throw new GoldsmithError('STEP_TIMEOUT', what);
    },
  });
  return clock.drive(reboot.run(config, machine, ctx));
}

test('goes on when the machine has another boot id, has started everything, and stays up', async () => {
  const machine = machineThat(['one', 'one', 'away', 'away', 'two starting', 'two starting', 'two running']);
  await run(machine);
  const asked = machine.ran.filter((command) => command.includes('shutdown -r now'));
  expect(asked).toHaveLength(1);
  expect(machine.ran.length).toBeGreaterThan(8);
});

test('a machine that restarts twice is waited for twice', async () => {
  const machine = machineThat(['one', 'away', 'two', 'two', 'two', 'away', 'three', 'three', 'three', 'three']);
  await run(machine);
  expect(machine.ran).toHaveLength(10);
});

test('a command that fails is a failure at once', async () => {
  const machine = machineThat(['one'], { ended: 'exit', code: 1 });
  const ctx = provisionContext(folder, { poll: async (_what, probe) => (await probe())! });
  await expect(reboot.run({ command: 'sudo reboot' }, machine, ctx)).rejects.toMatchObject({
    code: 'STEP_FAILED',
    message: expect.stringContaining('ended with exit status 1') as string,
  });
  expect(machine.ran).toContain('sudo reboot');
});

test('a machine that never restarts fails when its time is up, and says so', async () => {
  await expect(run(machineThat(['one'], { ended: 'exit', code: 0 }), { restartTimeout: '30s' })).rejects.toMatchObject({
    code: 'STEP_TIMEOUT',
    message: expect.stringContaining('still has the boot id one') as string,
  });
});

test('this machine, a container or a sandbox is never restarted', async () => {
  const machine = { ...scriptedMachine(), facts: { ConnType: 'local' } };
  await expect(run(machine)).rejects.toMatchObject({
    code: 'STEP_FAILED',
    message: expect.stringContaining('`local`') as string,
  });
  expect(machine.commands).toEqual([]);
});

test('its construct is in the public names', () => {
  expect(RebootProvisioner.name).toBe('RebootProvisioner');
});
