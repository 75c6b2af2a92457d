/** Whether a skip counts as a failure: CI sets it, so that nothing goes untested unnoticed. */
const requireAll = process.env['GOLDSMITH_REQUIRE_ALL'] === '1';

/**
 * A describe that runs where `available` holds, and else is skipped out loud: the reason (and how to get what is
 * missing) is in the name of the suite. With GOLDSMITH_REQUIRE_ALL=1 it fails instead.
 */
export function describeIf(available: boolean, reason: string, name: string, body: () => void): void {
  if (available) {
    describe(name, body);
  } else if (requireAll) {
    describe(name, () => {
      test('has what it needs', () => {
        throw new Error(`GOLDSMITH_REQUIRE_ALL=1, but ${reason}`);
      });
    });
  } else {
    describe.skip(`${name} [skipped: ${reason}]`, body);
  }
}
