/** Whether a skip counts as a failure: CI sets it, so that nothing goes untested unnoticed. */
const requireAll = process.env['GOLDSMITH_REQUIRE_ALL'] === '1';

/**
 * A test that runs where `available` holds, and else is skipped out loud: the reason (and how to get what is
 * missing) is in its name. With GOLDSMITH_REQUIRE_ALL=1 it fails instead.
 */
export function testIf(
  available: boolean,
  reason: string,
  name: string,
  body: () => Promise<void>,
  timeout?: number,
): void {
  if (available || requireAll) test(name, available ? body : async () => missing(reason), timeout);
  else test.skip(`${name} [skipped: ${reason}]`, body);
}

function missing(reason: string): never {
  throw new Error(`GOLDSMITH_REQUIRE_ALL=1, but ${reason}`);
}

/** A describe that runs where `available` holds, as {@link testIf} does. */
export function describeIf(available: boolean, reason: string, name: string, body: () => void): void {
  if (available) {
    describe(name, body);
  } else if (requireAll) {
    describe(name, () => {
      test('has what it needs', () => missing(reason));
    });
  } else {
    describe.skip(`${name} [skipped: ${reason}]`, body);
  }
}
