import { describeDriver, fakePlatform, type FakeVerb } from '../../lib/testing';

const VERBS: readonly FakeVerb[] = ['launch', 'connect', 'exec', 'checkpoint', 'capture', 'destroy'];

describeDriver('the fake platform', () => {
  const fake = fakePlatform();
  return {
    extension: fake.extension,
    config: { name: 'subject' },
    base: { name: 'stable', version: 1 },
    secrets: ['hunter2-hunter2'],
    remains: () => Promise.resolve([...fake.machines, ...fake.images, ...fake.checkpoints].map(({ id }) => id)),
    intercept: (before) => {
      for (const verb of VERBS) {
        for (const phase of ['before', 'created'] as const)
          fake.on(verb, () => before(`${verb} (${phase})`), { phase, times: Number.POSITIVE_INFINITY });
      }
      return () => fake.heal();
    },
  };
});

describe('the conformance suite itself', () => {
  /** The names of the tests that fail for a driver with a fault. */
  async function failing(spoil: (fake: ReturnType<typeof fakePlatform>) => void): Promise<string[]> {
    const failed: string[] = [];
    const bodies: [string, () => Promise<void>][] = [];
    const subject = () => {
      const fake = fakePlatform();
      spoil(fake);
      const remains = (): Promise<string[]> =>
        Promise.resolve([...fake.machines, ...fake.images, ...fake.checkpoints].map(({ id }) => id));
      return { extension: fake.extension, base: 'x', remains };
    };
    describeDriver('spoiled', subject, {
      describe: (_name, body) => body(),
      test: (name, body) => void bodies.push([name, body]),
    });
    for (const [name, body] of bodies) await body().catch(() => failed.push(name));
    return failed;
  }

  test('passes a driver that is right', async () => {
    expect(await failing(() => undefined)).toEqual([]);
  });

  test('finds a driver that forgets to delete', async () => {
    expect(await failing((fake) => spoilDriver(fake, 'destroy', () => Promise.resolve()))).toContain(
      'makes what it says, and deletes it',
    );
  });

  test('finds a driver that complains about what is gone', async () => {
    const seen = new Set<string>();
    const failed = await failing((fake) =>
      fake.on(
        'destroy',
        ({ about }) => {
          if (seen.has(about)) throw new Error('no such thing');
          seen.add(about);
        },
        { times: Number.POSITIVE_INFINITY },
      ),
    );
    expect(failed).toEqual(
      expect.arrayContaining([
        'deletes twice without a complaint',
        'does not complain about what is gone already or never was',
      ]),
    );
  });

  test('finds a driver that cannot delete without an id', async () => {
    const failed = await failing((fake) =>
      spoilDriver(fake, 'destroy', async (original, resource) => {
        if ((resource as { id?: string }).id !== undefined) await original();
      }),
    );
    expect(failed).toContain('finds what it shall delete without an id');
    expect(failed).toContain('leaves nothing when its process is killed before or after any journal record');
  });

  function spoilDriver(
    fake: ReturnType<typeof fakePlatform>,
    verb: 'destroy',
    instead: (original: () => Promise<void>, resource: unknown) => Promise<void>,
  ): void {
    const { load } = fake.extension;
    Object.assign(fake.extension, {
      load: async (ctx: Parameters<typeof load>[0]) => {
        const driver = await load(ctx);
        const original = driver[verb].bind(driver);
        return Object.assign(driver, {
          [verb]: (resource: Parameters<typeof original>[0], context: Parameters<typeof original>[1]) =>
            instead(() => original(resource, context), resource),
        });
      },
    });
  }
});
