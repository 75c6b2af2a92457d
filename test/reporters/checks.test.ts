import type { CheckResult } from '../../lib/extension/check';
import { renderReport } from '../../lib/reporters/html';
import { plainReporter } from '../../lib/reporters/plain';
import { RunState } from '../../lib/reporters/run-state';
import { build, Recorder } from './helpers/recorder';

const passed: CheckResult = { name: 'port 80/tcp', state: 'passed', wrong: [] };
const skipped: CheckResult = { name: 'goss: File /x mode', state: 'skipped', wrong: [] };
const failed: CheckResult = {
  name: 'the file /etc/<b>motd</b>',
  state: 'failed',
  wrong: ['has mode 0600, expected 0644', 'belongs to nobody'],
  output: 'last words\x1b[2J',
};

/** A verification whose first try failed otherwise. */
function run(): Recorder {
  const node = 'Web/Serves/Docker';
  const recorder = new Recorder([
    build('Web/Docker', []),
    {
      id: node,
      kind: 'verify',
      use: 'verification',
      dependsOn: ['Web/Docker'],
      steps: [{ id: node, use: 'verification' }],
    },
  ]);
  recorder.start().node(node).step(node, node, 'verification');
  recorder.emit({ type: 'check', node, step: node, name: 'of the first try', state: 'passed', wrong: [] });
  recorder.step(node, node, 'verification', 2);
  for (const check of [passed, skipped, failed]) recorder.emit({ type: 'check', node, step: node, ...check });
  const error = { code: 'VERIFICATION_FAILED', message: '1 of 3 checks failed' } as const;
  return recorder.stepEnd(node, node, 'failed', error).nodeEnd(node, { state: 'failed', error }).finish('failed');
}

test('plain lines show each check when it is done', () => {
  let text = '';
  const reporter = plainReporter({ output: { write: (part) => (text += part) } });
  for (const event of run().events) reporter.event(event);
  expect(text.split('\n').filter((line) => line.startsWith('    Web/Serves/Docker: '))).toEqual(
    expect.arrayContaining([
      '    Web/Serves/Docker: ok      port 80/tcp',
      '    Web/Serves/Docker: skipped goss: File /x mode',
      '    Web/Serves/Docker: failed  the file /etc/<b>motd</b>: has mode 0600, expected 0644, belongs to nobody',
    ]),
  );
});

test('the live tree and the tail of a failure have them as lines', () => {
  const state = new RunState({ first: 0, last: 50 });
  for (const event of run().events) state.apply(event);
  const node = state.node('Web/Serves/Docker');
  expect(node.checks).toEqual([passed, skipped, failed].map((check) => ({ output: undefined, ...check })));
  expect(
    state
      .stepOf(node.id, node.id)
      .log.ending(3)
      .map(({ text }) => text),
  ).toEqual([
    'ok      port 80/tcp',
    'skipped goss: File /x mode',
    'failed  the file /etc/<b>motd</b>: has mode 0600, expected 0644, belongs to nobody',
  ]);
});

test('the HTML report lists them with what is wrong, and counts them', () => {
  const page = renderReport(run().events);
  const section = /<section id="checks">.*?<\/section>/s.exec(page)![0];
  expect(section).toContain('1 of 2 checks passed');
  expect(section.match(/<li class="(passed|failed|skipped)">/g)).toHaveLength(3);
  expect(section).toContain('has mode 0600, expected 0644, belongs to nobody');
  expect(section).toContain('/etc/&lt;b&gt;motd');
  expect(section).toContain('<pre class="log">last words</pre>');
  expect(section).not.toContain('of the first try');
});
