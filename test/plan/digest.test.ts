import * as fc from 'fast-check';
import { BaseImage, Image, PostProcessorChain, Secret, text, timestamp } from '../../lib';
import { canonical, digestOf } from '../../lib/plan';
import { fakePlatform, type FakePlatform, type TestApp } from '../../lib/testing';
import { Check, Look, Note, Pack, Step } from '../helpers/extensions';
import { testApp } from '../helpers/lab';

describe('canonical JSON', () => {
  const json = fc.jsonValue({ maxDepth: 4 });

  test('is JSON of the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 2000 },
    );
  });

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, fc.infiniteStream(fc.nat()), (value, random) => {
        const shuffled = (one: unknown): unknown => {
          if (Array.isArray(one)) return one.map(shuffled);
          if (typeof one !== 'object' || one === null) return one;
          const entries = Object.entries(one).map(
            ([key, entry]) => [random.next().value, key, shuffled(entry)] as const,
          );
          return Object.fromEntries(
            entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, key, entry]) => [key, entry]),
          );
        };
        expect(canonical(shuffled(value))).toBe(canonical(value));
      }),
      { numRuns: 2000 },
    );
  });

  test('is the same for two values only when they are the same', () => {
    const small = fc.jsonValue({
      maxDepth: 2,
      stringUnit: fc.constantFrom('a', '"', ',', ':', '{', '}', '[', ']', '\\'),
    });
    fc.assert(
      fc.property(small, small, (one, two) => {
        const same = fc.stringify(sorted(one)) === fc.stringify(sorted(two));
        expect(canonical(one) === canonical(two)).toBe(same);
      }),
      { numRuns: 5000 },
    );
    expect(digestOf(['ab', 'c'])).not.toBe(digestOf(['a', 'bc']));
    expect(digestOf({ a: ['b'] })).not.toBe(digestOf({ a: 'b' }));
    expect(digestOf([1])).not.toBe(digestOf(['1']));
  });

  function sorted(value: unknown): unknown {
    if (Array.isArray(value)) return { list: value.map(sorted) };
    // JSON knows no negative zero.
    if (Object.is(value, -0)) return 0;
    if (typeof value !== 'object' || value === null) return value;
    return Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]);
  }

  test('keeps keys with a meaning of their own in JavaScript', () => {
    const value = JSON.parse('{"__proto__": 1, "constructor": 2, "10": 3, "9": 4}') as object;
    expect(canonical(value)).toBe('{"10":3,"9":4,"__proto__":1,"constructor":2}');
  });
});

describe('the digest of a build', () => {
  interface Variation {
    readonly source?: object;
    readonly step?: object;
    readonly ids?: readonly [string, string];
    readonly more?: (image: Image) => void;
  }

  function digests(fake: FakePlatform, { source, step, ids = ['Web', 'Fake'], more }: Variation, app = testApp()) {
    const web = new Image(app, ids[0]);
    new fake.Source(web, ids[1], { size: 2, ...source });
    new Step(web, 'Step', { run: 'a', ...step });
    more?.(web);
    return digestsOf(app);
  }
  function digestsOf(app: TestApp): Readonly<Record<string, string>> {
    return Object.fromEntries(app.synth().nodes.map(({ id, digest }) => [id, digest]));
  }
  const fake = fakePlatform();
  const digest = (variation: Variation = {}): string => Object.values(digests(fake, variation))[0]!;

  test('does not change from version to version', () => {
    expect(digest()).toBe('843a22b615845ede100bb62afface4137a9d014c30ce710c3412e365505ed06d');
    const app = testApp();
    const {
      'Web/Check/Fake': check,
      'Web/Release/Pack/Fake': pack,
      All: all,
    } = digests(
      fake,
      {
        step: { stdin: Secret.fromEnv('A'), env: { B: text`${timestamp()} b` }, onFailure: true },
        more: (web) => {
          new Check(web, 'Check', 'works');
          new Pack(new PostProcessorChain(web, 'Release'), 'Pack', { output: 'x', keepInputArtifact: true });
          new Note(app, 'All');
        },
      },
      app,
    );
    expect(check).toBe('075922625cb4188d7754d46e6205d1af1cf5b952deee84c649fb4a33a9f26898');
    expect(pack).toBe('6f7cfe2014fb2f1659da5df3681fe00d0bdebfab3c88e4c9b09bc13df452aa8e');
    expect(all).toBe('0557d1952ef2b3d2eec692ad15b8c3b9881226315ca35bf5e9b773dbcb2c9ff5');
  });

  test('is not of names, passive props or how steps are run', () => {
    const reference = digest();
    expect(digest({ ids: ['Other', 'Place'] })).toBe(reference);
    expect(digest({ source: { note: 'x' } })).toBe(reference);
    expect(digest({ step: { timeout: '5m', maxRetries: 3, pauseBefore: '1s', continueOnError: true } })).toBe(
      reference,
    );
  });

  test('is of everything that shows in the artifact', () => {
    const all = [
      digest(),
      digest({ source: { size: 3 } }),
      digest({ source: { base: 'other' } }),
      digest({ source: { base: 'stable@1' } }),
      digest({ source: { base: BaseImage.fromCatalog('Core') } }),
      digest({ source: { name: 'x' } }),
      digest({ source: { tags: { a: '1' } } }),
      digest({ step: { run: 'b' } }),
      digest({ step: { stdin: 'x' } }),
      digest({ step: { stdin: Secret.fromEnv('A') } }),
      digest({ step: { stdin: Secret.fromEnv('B') } }),
      digest({ step: { stdin: timestamp() } }),
      digest({ step: { onFailure: true } }),
      digest({ more: (web) => new Step(web, 'More', 'a') }),
      digest({ more: (web) => new Look(web, 'Look', 'a') }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('is of the digests it depends on', () => {
    const child = (run: string): Readonly<Record<string, string>> => {
      const app = testApp();
      const core = new Image(app, 'Core');
      new fake.Source(core, 'Fake');
      new Step(core, 'Step', run);
      new Step(new Image(app, 'Web', { from: core }), 'Step', 'same');
      const user = new Image(app, 'User');
      new fake.Source(user, 'Fake', { size: 2 });
      new Step(user, 'Step', core.artifact('Fake').id);
      const waiting = new Image(app, 'Waiting');
      new fake.Source(waiting, 'Fake', { size: 3 });
      waiting.node.addDependency(core);
      return digestsOf(app);
    };
    const [one, same, other] = [child('a'), child('a'), child('b')];
    expect(one).toEqual(same);
    for (const id of Object.keys(one)) expect(other[id]).not.toBe(one[id]);
  });

  test('is not of the value of a secret', () => {
    const withEnv = (value: string): string => {
      process.env['GOLDSMITH_TEST_SECRET'] = value;
      try {
        return digest({ step: { stdin: Secret.fromEnv('GOLDSMITH_TEST_SECRET') } });
      } finally {
        delete process.env['GOLDSMITH_TEST_SECRET'];
      }
    };
    expect(withEnv('one')).toBe(withEnv('two'));
  });
});
