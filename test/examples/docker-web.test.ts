import * as fs from 'node:fs';
import * as path from 'node:path';
import type { CheckpointRecord, NodeRecord } from '../../lib/catalog';
import { describeIf } from '../helpers/requires';
import { hasEngine, hasPrograms, NO_ENGINE } from '../helpers/docker';
import { Base } from '../platforms/docker/fixture';
import { startRegistry, type RegistryServer } from '../platforms/sandbox/registry-server';
import { Checkout } from './helpers/checkout';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

const IMAGES = 'examples/docker-web/images.ts';
const able = hasEngine && hasPrograms('docker-registry');
const need = hasEngine ? 'docker-registry is not installed (apt-get install docker-registry)' : NO_ENGINE;

describe('docker-web, without what it needs', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('docker-web');
  });
  afterAll(() => checkout.remove());

  test('says which variable is missing, and how to give it', async () => {
    const { status, stderr } = await checkout.run('.', 'ts-node', [IMAGES]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/error\[MISSING_VARIABLE\]: the variable `registry` \(registry to push to, .*\)/);
    expect(stderr).toMatch(/--var registry=…/);
  });
});

describeIf(able, need, 'docker-web', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('docker-web');
  });
  let registry: RegistryServer;
  let base: Base;

  beforeAll(async () => {
    base = await Base.make();
    registry = await startRegistry(checkout.path('registry'));
  });
  afterAll(async () => {
    await registry?.stop();
    for (const id of imagesOf(checkout)) await base.engine.removeImage(id, true).catch(() => undefined);
    await base?.remove();
    checkout.remove();
  });

  const build = (version: string): Promise<string> =>
    checkout.must('.', 'ts-node', [
      ...[IMAGES, 'build', '--var', `registry=${registry.host}`],
      ...['--var', `base=${base.name}`, '--var', `version=${version}`],
    ]);
  const ask = async (what: string): Promise<unknown> =>
    (await fetch(`http://${registry.host}/v2/acme/web/${what}`)).json();

  test('builds Web on Core, and pushes it under its tags once it has passed', async () => {
    const output = await build('1.4.0');
    expect(output).toMatch(/Web\/Serves\/Docker: done/);
    expect(output.indexOf('Web/Serves/Docker: done')).toBeLessThan(output.indexOf('Web/Release/Push/Docker: '));
    expect(await ask('tags/list')).toEqual({ name: 'acme/web', tags: expect.arrayContaining(['1.4.0', 'latest']) });
  });

  test('writes a manifest with the digest that the registry has', async () => {
    const manifest = checkout.read('examples/docker-web/artifacts/manifest.json');
    const { builds } = JSON.parse(manifest) as { builds: { name: string; artifact_id: string }[] };
    expect(builds.map(({ name }) => name)).toEqual(['Web/Docker']);
    const accept = 'application/vnd.docker.distribution.manifest.v2+json';
    const url = `http://${registry.host}/v2/acme/web/manifests/1.4.0`;
    const answer = await fetch(url, { method: 'HEAD', headers: { accept } });
    expect(builds[0]!.artifact_id).toContain(answer.headers.get('docker-content-digest'));
  });

  test('pins the base in the lock file', () => {
    expect(checkout.read('examples/docker-web/goldsmith.lock.json')).toContain(`docker ${base.name}`);
  });

  test('another version provisions nothing: the checkpoints of Web are still good', async () => {
    const output = await build('1.5.0');
    expect(output).toMatch(/Core\/Docker: cached/);
    expect(output).toMatch(/Site is cached: a checkpoint holds it/);
    expect(output).not.toMatch(/uploading/);
    expect(await ask('tags/list')).toEqual({
      name: 'acme/web',
      tags: expect.arrayContaining(['1.4.0', '1.5.0', 'latest']),
    });
  });
});

/** Images that the runs kept, the newest first: what others are made of cannot be deleted before them. */
function imagesOf(checkout: Checkout): string[] {
  const read = <T>(kind: string): T[] => {
    const dir = checkout.path('examples/docker-web/.goldsmith/store', kind);
    const names = fs.existsSync(dir) ? fs.readdirSync(dir) : [];
    return names.map((name) => JSON.parse(fs.readFileSync(path.join(dir, name), 'utf8')) as T);
  };
  const kept = [
    ...read<NodeRecord>('nodes').map(({ builtAt, artifact }) => ({ builtAt, resources: artifact?.resources ?? [] })),
    ...read<CheckpointRecord>('checkpoints').map(({ builtAt, checkpoint }) => ({ builtAt, ...checkpoint })),
  ];
  const newestFirst = kept.sort((a, b) => b.builtAt - a.builtAt).flatMap(({ resources }) => resources);
  return [...new Set(newestFirst.flatMap(({ kind, id }) => (kind === 'docker:image' && id !== undefined ? [id] : [])))];
}
