import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { describeIf } from '../helpers/requires';
import { Checkout, hasNamespaces, NO_NAMESPACES } from './helpers/checkout';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

describeIf(hasNamespaces, NO_NAMESPACES, 'the quickstart', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('quickstart');
  });
  let output: string;

  const build = (): Promise<string> => checkout.must('.', 'ts-node', ['examples/quickstart/images.ts']);

  beforeAll(async () => {
    output = await build();
  });
  afterAll(() => checkout.remove());

  test('builds two images, one from the other, and runs the second', () => {
    expect(output).toMatch(/Core\/Sandbox: done/);
    expect(output).toMatch(/Hello\/Sandbox: done/);
    expect(output).toMatch(/ok +`hello`/);
    expect(output).toMatch(/4 done in/);
  });

  test('ends with the artifacts, the sha256 of each, and the path of the report', () => {
    const end = output.slice(output.lastIndexOf('\nartifacts\n'));
    const artifacts = [
      ...end.matchAll(/(examples\/quickstart\/artifacts\/\S+\.oci\.tar) +\S+ \wB +sha256:([0-9a-f]{64})/g),
    ];
    expect(artifacts).toHaveLength(2);
    for (const [, file, digest] of artifacts) {
      const bytes = fs.readFileSync(checkout.path(file!));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
    }
    const [, report] = /^report: (\S+)$/m.exec(end)!;
    expect(checkout.read(report!)).toMatch(/^<!doctype html>/i);
  });

  test('writes a manifest of both images', () => {
    const { builds } = JSON.parse(checkout.read('examples/quickstart/artifacts/manifest.json')) as {
      builds: { name: string; files: { size: number }[] }[];
    };
    expect(builds.map(({ name }) => name)).toEqual(['Core/Sandbox', 'Hello/Sandbox']);
    expect(builds.every(({ files }) => files[0]!.size > 100_000)).toBe(true);
  });

  test('builds nothing when nothing changed, and only what comes of a file that changed', async () => {
    expect(await build()).not.toMatch(/launch/);

    fs.appendFileSync(checkout.path('examples/quickstart/hello.sh'), 'echo "and again"\n');
    const third = await build();
    expect(third).toMatch(/Core\/Sandbox: cached/);
    expect(third).toMatch(/Hello\/Sandbox: done/);
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('is rehearsed on AWS beside the sandbox', async () => {
    const args = ['examples/quickstart/images.ts', 'rehearse', '--var', 'aws=yes', '--speed', '200'];
    const rehearsed = await checkout.must('.', 'ts-node', args);
    expect(rehearsed).toMatch(
      /Hello\/Sandbox +done .*\n.*Hello\/Aws +done +[^\n]*image quickstart-Hello\/Aws-\S+: ami-/s,
    );
    expect(rehearsed).toMatch(/nothing of it is left but artifacts/);
  });
});
