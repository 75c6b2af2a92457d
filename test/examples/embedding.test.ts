import * as fs from 'node:fs';
import { describeIf } from '../helpers/requires';
import { Checkout, hasNamespaces, NO_NAMESPACES } from './helpers/checkout';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

describeIf(hasNamespaces, NO_NAMESPACES, 'the embedding example', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('embedding');
  });
  afterAll(() => checkout.remove());

  test('builds, and tells what happens in its own words', async () => {
    const output = await checkout.must('.', 'ts-node', ['examples/embedding/main.ts', 'globex']);
    expect(output).toMatch(/^Appliance\/Sandbox: shell…$/m);
    expect(output).toMatch(/^Appliance\/Sandbox: succeeded after \d+ ms$/m);
    expect(output).toMatch(/^artifacts\/globex\.oci\.tar sha256:[0-9a-f]{64}$/m);
    expect(output).toMatch(/^succeeded, 0 left behind$/m);
  });

  test('stops at its deadline and leaves nothing behind', async () => {
    const { status, stdout } = await checkout.run('.', 'ts-node', ['examples/embedding/main.ts', 'initech', '0.01']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^cancelled, 0 left behind$/m);
    expect(fs.existsSync(checkout.path('examples/embedding/artifacts/initech.oci.tar'))).toBe(false);
    expect(fs.readdirSync(checkout.path('examples/embedding/.goldsmith/runs')).length).toBeGreaterThan(0);
    const machines = checkout.path('examples/embedding/.goldsmith/sandbox/machines');
    expect(fs.existsSync(machines) ? fs.readdirSync(machines) : []).toEqual([]);
  });
});
