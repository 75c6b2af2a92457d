import { App, Image } from '../../lib';
import type { Artifact } from '../../lib/extension/artifact';
import type { PlatformDriver, PublishContext } from '../../lib/extension/platform';
import { fakePlatform, type FakePlatform } from '../../lib/testing';
import { Check } from '../helpers/extensions';
import { build, testApp } from '../helpers/lab';

/** A fake platform that copies its images to the places that the prop `tags` names, each on its own; to `slow` when the machine is gone. */
function copyingPlatform(): { fake: FakePlatform; copies: Set<string>; broken: Set<string> } {
  const fake = fakePlatform({ checkpoints: false });
  const copies = new Set<string>();
  const broken = new Set<string>();
  let machineIsGone = (): void => undefined;
  const machineGone = new Promise<void>((resolve) => (machineIsGone = resolve));
  const load = fake.extension.load.bind(fake.extension);
  const publish = async (artifact: Artifact, config: { tags?: object }, ctx: PublishContext): Promise<Artifact> => {
    let current = artifact;
    for (const place of Object.keys(config.tags ?? {})) {
      if (current.outputs[place] !== undefined) continue;
      if (place === 'slow') await machineGone;
      const resource = await ctx.acquire('fake:copy', { place }, (token) => {
        copies.add(`${place} ${token}`);
        return broken.has(place) ? Promise.reject(new Error(`no copies to ${place}`)) : Promise.resolve(token);
      });
      await ctx.keep(resource);
      const outputs = { ...current.outputs, [place]: resource.id! };
      current = { ...current, outputs, resources: [...current.resources, resource] };
      await ctx.recordSoFar(current);
    }
    return current;
  };
  Object.assign(fake.extension, {
    captureProps: [],
    publishProps: ['tags'],
    load: async (ctx: Parameters<typeof load>[0]): Promise<PlatformDriver> => {
      const driver = (await load(ctx)) as PlatformDriver;
      const { destroy, exists } = driver;
      return Object.assign(driver, {
        publish,
        exists: (...args: Parameters<typeof exists>) => {
          const [{ kind, token, locator }] = args;
          const { place } = locator as { place?: string };
          return kind === 'fake:copy' ? Promise.resolve(copies.has(`${place} ${token}`)) : exists.apply(driver, args);
        },
        destroy: (...args: Parameters<typeof destroy>) => {
          const [{ kind, token, locator }] = args;
          if (kind !== 'fake:copy') return destroy.apply(driver, args).finally(machineIsGone);
          copies.delete(`${(locator as { place: string }).place} ${token}`);
          return Promise.resolve();
        },
      });
    },
  });
  return { fake, copies, broken };
}

function program(fake: FakePlatform, places: readonly string[], baseDir?: string): App {
  const app = baseDir === undefined ? testApp() : new App('test', { baseDir, variables: {} });
  const tags = Object.fromEntries(places.map((place) => [place, '1']));
  new fake.Source(new Image(app, 'Web'), 'Fake', { tags });
  return app;
}

const places = (copies: Set<string>): string[] => [...copies].map((copy) => copy.split(' ')[0]!).sort();

test('what else is published later is published from what was built', async () => {
  const { fake, copies } = copyingPlatform();
  const app = program(fake, ['a']);
  expect((await build(app)).report.ok).toBe(true);
  const { report } = await build(program(fake, ['a', 'b'], app.baseDir));
  expect(report.nodes).toMatchObject([{ state: 'cached', artifact: { outputs: { b: expect.any(String) as string } } }]);
  expect(fake.count('launch')).toBe(1);
  expect(places(copies)).toEqual(['a', 'b']);
  const again = await build(program(fake, ['a', 'b'], app.baseDir));
  expect(again.report.nodes).toMatchObject([{ state: 'cached' }]);
  expect(places(copies)).toEqual(['a', 'b']);
});

test('the machine is deleted while copies are made', async () => {
  const { fake, copies } = copyingPlatform();
  expect((await build(program(fake, ['slow']))).report).toMatchObject({ ok: true, left: [] });
  expect(places(copies)).toEqual(['slow']);
});

test('where publishing fails, what was done stays, and the next run goes on with it', async () => {
  const { fake, copies, broken } = copyingPlatform();
  broken.add('b');
  const app = program(fake, ['a', 'b', 'c']);
  expect((await build(app)).report.nodes).toMatchObject([{ state: 'failed', error: { message: 'no copies to b' } }]);
  expect(places(copies)).toEqual(['a']);
  expect(fake.machines).toEqual([]);
  broken.clear();
  const kept = [...copies];
  expect((await build(program(fake, ['a', 'b', 'c'], app.baseDir))).report.nodes).toMatchObject([{ state: 'cached' }]);
  expect(fake.count('launch')).toBe(1);
  expect(places(copies)).toEqual(['a', 'b', 'c']);
  expect([...copies]).toEqual(expect.arrayContaining(kept));
});

test('with a verification, copies are made when it passed, and not when it did not', async () => {
  const { fake, copies } = copyingPlatform();
  const app = program(fake, ['a']);
  const image = app.node.findChild('Web') as Image;
  new Check(image, 'Works', 'works');
  fake.onCommand(() => ({ code: 1 }));
  const { report } = await build(app);
  expect(report.ok).toBe(false);
  expect(places(copies)).toEqual([]);
  fake.onCommand(() => undefined);
  const second = await build(app);
  expect(second.report.ok).toBe(true);
  expect(places(copies)).toEqual(['a']);
});
