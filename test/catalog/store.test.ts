import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { Catalog, FileStore, type NodeRecord, type Store } from '../../lib/catalog';
import { memoryStore } from '../helpers/memory';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-store-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe.each<[string, () => Store]>([
  ['in files', () => new FileStore(path.join(folder, 'store'))],
  ['in memory, of the tests', memoryStore],
])('a store %s', (_name, open) => {
  test('gives back what was put, and nothing where nothing was', async () => {
    const store = open();
    expect(await store.get('a/b')).toBeUndefined();
    expect(await store.put('a/b', { x: [1, null, 'ü'] })).toBe(true);
    expect((await store.get('a/b'))?.value).toEqual({ x: [1, null, 'ü'] });
    expect(await store.get('a')).toBeUndefined();
    await store.delete('a/b');
    await store.delete('a/b');
    expect(await store.get('a/b')).toBeUndefined();
  });

  test('writes under a condition only where it holds', async () => {
    const store = open();
    expect(await store.put('k', 1, 'absent')).toBe(true);
    expect(await store.put('k', 2, 'absent')).toBe(false);
    const { revision } = (await store.get('k'))!;
    expect(await store.put('k', 2, { revision })).toBe(true);
    expect(await store.put('k', 3, { revision })).toBe(false);
    expect((await store.get('k'))?.value).toBe(2);
    expect(await store.put('gone', 1, { revision })).toBe(false);
  });

  test('lets one of many who compare and swap at once win each time', async () => {
    const store = open();
    await store.put('counter', 0);
    const add = async (): Promise<void> => {
      for (;;) {
        const { value, revision } = (await store.get('counter'))!;
        if (await store.put('counter', (value as number) + 1, { revision })) return;
      }
    };
    await Promise.all(Array.from({ length: 12 }, add));
    expect((await store.get('counter'))?.value).toBe(12);
    const first = await Promise.all(Array.from({ length: 12 }, (_, index) => store.put('new', index, 'absent')));
    expect(first.filter(Boolean)).toHaveLength(1);
  });

  test('lists keys by prefix, sorted', async () => {
    const store = open();
    for (const key of ['nodes/b', 'nodes/a', 'nodes/a/deep', 'nodesx/c', 'other']) await store.put(key, 1);
    expect(await store.list('nodes/')).toEqual(['nodes/a', 'nodes/a/deep', 'nodes/b']);
    expect(await store.list('nodes')).toEqual(['nodes/a', 'nodes/a/deep', 'nodes/b', 'nodesx/c']);
    expect(await store.list('')).toHaveLength(5);
    expect(await store.list('none/')).toEqual([]);
  });

  test('takes any key, and keeps different ones apart', async () => {
    const store = open();
    const key = fc
      .array(
        fc.oneof(
          fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme' }).map((part) => part.replaceAll('/', '-')),
          fc.constantFrom(
            '.',
            '..',
            '*',
            'a.json',
            '%2E',
            'x.lock',
            'con',
            ' ',
            '~',
            'A',
            'a',
            'x'.repeat(300),
            '図'.repeat(100),
          ),
        ),
        { minLength: 1, maxLength: 3 },
      )
      .map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 6 }), async (keys) => {
        for (const one of keys) await store.put(one, one);
        for (const one of keys) expect((await store.get(one))?.value).toBe(one);
        expect(await store.list('')).toEqual([...keys].sort());
        for (const one of keys) await store.delete(one);
        expect(await store.list('')).toEqual([]);
      }),
      { numRuns: 60 },
    );
    expect(fs.readdirSync(folder).filter((name) => name !== 'store')).toEqual([]);
  });
});

describe('a store in files', () => {
  test('takes a damaged value for none: everything in it can be made again', async () => {
    const store = new FileStore(folder);
    await store.put('a', { x: 1 });
    fs.writeFileSync(path.join(folder, 'a.json'), '{"x": ');
    expect(await store.get('a')).toBeUndefined();
    expect(await store.put('a', 2, 'absent')).toBe(true);
  });

  test('leaves nothing but values behind', async () => {
    const store = new FileStore(folder);
    await Promise.all(Array.from({ length: 5 }, (_, index) => store.put('a', index, 'absent')));
    expect(fs.readdirSync(folder)).toEqual(['a.json']);
  });
});

describe('the catalog', () => {
  const record = (given: Partial<NodeRecord>): NodeRecord => ({
    app: 'acme',
    node: 'Core/Docker',
    use: 'docker',
    key: 'k1',
    run: 'r1',
    builtAt: 1,
    digest: 'd',
    artifact: { use: 'docker', kind: 'docker-image', id: 'i1', files: [], resources: [], outputs: {} },
    ...given,
  });

  test('knows what was made under a key, and what a node made last', async () => {
    const catalog = new Catalog(memoryStore());
    await catalog.record(record({}));
    await catalog.record(record({ key: 'k2', builtAt: 2 }));
    expect((await catalog.byKey('k1'))?.builtAt).toBe(1);
    expect((await catalog.latest('acme', 'Core/Docker'))?.key).toBe('k2');
    await catalog.touch(record({}));
    expect((await catalog.latest('acme', 'Core/Docker'))?.key).toBe('k1');
    await catalog.forget('k1');
    expect(await catalog.latest('acme', 'Core/Docker')).toBeUndefined();
    expect(await catalog.latest('other', 'Core/Docker')).toBeUndefined();
  });

  test('finds the newest image of a name for a platform, with or without its app', async () => {
    const catalog = new Catalog(memoryStore());
    await catalog.record(record({ key: 'old', builtAt: 1 }));
    await catalog.record(record({ key: 'new', app: '@acme/other', builtAt: 5 }));
    await catalog.record(record({ key: 'sandbox', node: 'Core/Sandbox', use: 'sandbox', builtAt: 9 }));
    const { artifact: _artifact, ...discarded } = record({ key: 'none', node: 'Core/Other', builtAt: 9 });
    await catalog.record(discarded);
    await catalog.record(record({ key: 'deep', node: 'Team/Core/Docker', builtAt: 9 }));
    expect((await catalog.find('Core', 'docker'))?.key).toBe('new');
    expect((await catalog.find('acme/Core', 'docker'))?.key).toBe('old');
    expect((await catalog.find('@acme/other/Core', 'docker'))?.key).toBe('new');
    expect((await catalog.find('Team/Core', 'docker'))?.key).toBe('deep');
    expect((await catalog.find('Core', 'sandbox'))?.key).toBe('sandbox');
    expect(await catalog.find('Core', 'aws')).toBeUndefined();
    expect(await catalog.find('Docker', 'docker')).toBeUndefined();
  });

  test('does not offer an image that a post-processor took over and that is gone', async () => {
    const catalog = new Catalog(memoryStore());
    await catalog.record(record({ consumed: true }));
    expect(await catalog.find('Core', 'docker')).toBeUndefined();
  });

  test('lists the nodes of an app, and of no other whose name begins alike', async () => {
    const catalog = new Catalog(memoryStore());
    await catalog.record(record({}));
    await catalog.record(record({ key: 'k2', app: 'acme/x' }));
    expect(await catalog.names('acme')).toEqual(['Core/Docker']);
    expect(await catalog.names('acme/x')).toEqual(['Core/Docker']);
  });

  test('keeps checkpoints by key until they are forgotten', async () => {
    const catalog = new Catalog(memoryStore());
    const checkpoint = {
      app: 'a',
      node: 'n',
      use: 'u',
      key: 'c',
      run: 'r',
      builtAt: 1,
      checkpoint: { resources: [], data: null },
    };
    await catalog.recordCheckpoint(checkpoint);
    expect(await catalog.checkpoint('c')).toEqual(checkpoint);
    expect(await catalog.checkpoints()).toEqual([checkpoint]);
    await catalog.forgetCheckpoint('c');
    expect(await catalog.checkpoints()).toEqual([]);
  });
});
