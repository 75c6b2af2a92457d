import { Checkout } from './helpers/checkout';

// Compilers are slow to start where much else runs.
jest.setTimeout(180_000);

describe("a user's own tests", () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = Checkout.with('testing');
  });
  afterAll(() => checkout.remove());

  test('pass, in a jest of their own', async () => {
    const { status, stderr } = await checkout.run('.', 'jest', ['--config', 'examples/testing/jest.config.json']);
    expect(stderr).toMatch(/Tests: +7 passed, 7 total/);
    expect(status).toBe(0);
  });

  test('fit, as the compiler sees it', async () => {
    await checkout.must('.', 'tsc', ['--noEmit', '-p', 'examples/testing']);
  });

  test('are about a program that runs', async () => {
    expect(await checkout.must('.', 'ts-node', ['examples/testing/images.ts', 'list'])).toMatch(
      /^Shop\/Docker +build/m,
    );
  });
});
