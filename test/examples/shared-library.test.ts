import * as fs from 'node:fs';
import { describeIf } from '../helpers/requires';
import { Checkout, hasNamespaces, NO_NAMESPACES } from './helpers/checkout';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

const FOLDER = 'examples/shared-library';

describe('the shared library', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('shared-library');
  });
  const images = `${FOLDER}/images.ts`;

  beforeAll(async () => {
    checkout.install('shared-library', { '@acme/core-images': 'core-images' });
    await checkout.must(FOLDER, 'tsc', ['-p', 'core-images']);
  });
  afterAll(() => checkout.remove());

  test('fits together, as the compiler sees it', async () => {
    await checkout.must(FOLDER, 'tsc', ['--noEmit', '-p', '.']);
  });

  test('brings its steps in their order, and no path of its own', async () => {
    const plan = await checkout.must(FOLDER, 'ts-node', ['images.ts', 'synth', '--stdout']);
    const [core] = (JSON.parse(plan) as { nodes: { provisioners: { id: string }[] }[] }).nodes;
    expect(core!.provisioners.map(({ id }) => id)).toEqual([
      'Core/Owner',
      'Core/Hardening/Banner',
      'Core/Hardening/Umask',
      'Core/Hardening/Homes',
    ]);
    expect(plan).not.toContain(checkout.dir);
  });

  test('has a rule that holds for the whole app', async () => {
    const whole = checkout.read(images);
    fs.writeFileSync(checkout.path(images), whole.replace(/^new Verification.*$/m, ''));
    const { status, stderr } = await checkout.run(FOLDER, 'ts-node', ['images.ts', 'list']);
    fs.writeFileSync(checkout.path(images), whole);
    expect(status).toBe(2);
    expect(stderr).toContain('has no Verification; every image of Acme needs one');
    expect(stderr).toMatch(/Ledger \(images\.ts:\d+\)/);
  });

  describeIf(hasNamespaces, NO_NAMESPACES, 'its images', () => {
    test('are built and verified', async () => {
      const output = await checkout.must(FOLDER, 'ts-node', ['images.ts']);
      expect(output).toMatch(/Core\/Hardened\/Sandbox: done/);
      expect(output).toMatch(/Ledger\/Closed\/Sandbox: done/);
      expect(fs.existsSync(checkout.path(FOLDER, 'artifacts/payments-ledger-sandbox.oci.tar'))).toBe(true);
    });
  });
});
