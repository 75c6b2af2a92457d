import { breakpoint } from '../../lib/provisioners/breakpoint';
import { sleep } from '../../lib/provisioners/pause';
import { provisionContext, scriptedMachine, temporaryFolder, virtualClock } from './support';

const folder = temporaryFolder();

describe('a pause', () => {
  test('waits on the clock', async () => {
    const clock = virtualClock();
    await sleep.run({ duration: '2m30s' }, scriptedMachine(), provisionContext(folder, { clock }));
    expect(clock.slept).toEqual([150_000]);
  });

  test('ends when the run is cancelled', async () => {
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(
      sleep.run({ duration: '1h' }, scriptedMachine(), provisionContext(folder, { clock: virtualClock(), signal })),
    ).rejects.toThrow('cancelled');
  });

  test('needs a length of time', () => {
    expect(sleep.schema.safeParse({ duration: 'soon' }).success).toBe(false);
    expect(sleep.schema.safeParse({}).success).toBe(false);
  });
});

describe('a breakpoint', () => {
  test('asks whoever is in front', async () => {
    const ctx = provisionContext(folder, { interactive: true });
    await breakpoint.run({ note: 'look at /etc' }, scriptedMachine(), ctx);
    expect(ctx.asked).toEqual(['Press Enter to go on']);
    expect(ctx.said).toEqual(['stopped at a breakpoint with the note: look at /etc']);
  });

  test('does not stop where nobody can answer, and says so', async () => {
    const ctx = provisionContext(folder);
    await breakpoint.run({}, scriptedMachine(), ctx);
    expect(ctx.asked).toEqual([]);
    expect(ctx.warned).toEqual(['a breakpoint; nobody can answer here, so the build goes on']);
  });

  test('can be disabled', async () => {
    const ctx = provisionContext(folder, { interactive: true });
    await breakpoint.run({ disable: true }, scriptedMachine(), ctx);
    expect(ctx.asked).toEqual([]);
  });

  test('fails when the question is interrupted, as in Packer', async () => {
    const ask = (): Promise<string> => Promise.reject(new Error('interrupted'));
    await expect(
      breakpoint.run({}, scriptedMachine(), provisionContext(folder, { interactive: true, ask })),
    ).rejects.toThrow('interrupted');
  });
});
