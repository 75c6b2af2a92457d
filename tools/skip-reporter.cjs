/** Says at the end of a jest run which suites were skipped, why, and so how to get them to run. */
class SkipReporter {
  constructor({ testNamePattern }) {
    this.filtered = testNamePattern !== undefined && testNamePattern !== '';
  }

  onRunComplete(_contexts, results) {
    const reasons = new Map();
    for (const file of results.testResults) {
      for (const { status, ancestorTitles } of file.testResults) {
        if (status !== 'pending') continue;
        const reason = /\[skipped: (.*)\]$/.exec(
          ancestorTitles.find((title) => title.includes('[skipped: ')) ?? '',
        )?.[1];
        // With `-t` jest counts what was not asked for as skipped, too.
        if (reason === undefined && this.filtered) continue;
        const key = reason ?? 'switched off in the test itself';
        reasons.set(key, (reasons.get(key) ?? 0) + 1);
      }
    }
    if (reasons.size === 0) return;
    const count = [...reasons.values()].reduce((sum, next) => sum + next, 0);
    const lines = [...reasons]
      .sort(([, a], [, b]) => b - a)
      .map(([reason, tests]) => `  ${String(tests).padStart(4)}  ${reason}`);
    process.stderr.write(`\n${count} tests were skipped for want of something here:\n${lines.join('\n')}\n`);
    process.stderr.write('With GOLDSMITH_REQUIRE_ALL=1 each of these is a failure.\n');
  }
}

module.exports = SkipReporter;
