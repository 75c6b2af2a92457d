import { plainReporter, type PlainOptions } from '../../lib/reporters/plain';
import { artifact, build, Recorder } from './helpers/recorder';
import { HOSTILE, sampleRun } from './helpers/sample-run';

function printed(recorder: Recorder, options: Omit<PlainOptions, 'output'> = {}): string[] {
  let text = '';
  const reporter = plainReporter({ output: { write: (part) => (text += part) }, ...options });
  for (const event of recorder.events) reporter.event(event);
  void reporter.close();
  expect(text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

test("a build reads as in Packer: goldsmith's words after an arrow, a command's output below", () => {
  const run = new Recorder([build('Web/Docker', ['Nginx'])]);
  run
    .start()
    .node('Web/Docker')
    .step('Web/Docker', 'Web/Docker/launch', 'launch')
    .wait(200)
    .stepEnd('Web/Docker', 'Web/Docker/launch');
  run.step('Web/Docker', 'Web/Nginx').out('Web/Docker', 'Web/Nginx', 'Reading package lists...\nSetting up ');
  run.emit({
    type: 'message',
    level: 'info',
    node: 'Web/Docker',
    step: 'Web/Nginx',
    text: 'the step may take a while',
  });
  run.out('Web/Docker', 'Web/Nginx', 'nginx\nwithout an end', 'stdout').wait(3100).stepEnd('Web/Docker', 'Web/Nginx');
  run.nodeEnd('Web/Docker', { artifact: artifact('a') }).finish();
  expect(printed(run)).toEqual([
    '==> acme-images: 1 node, 4 at once (goldsmith 1.2.3, run 20261122-040506-k3x9)',
    '==> Web/Docker: launch',
    '==> Web/Docker: launch done in 0.2s',
    '==> Web/Docker: Nginx (shell)',
    '    Web/Docker: Reading package lists...',
    '==> Web/Docker: the step may take a while',
    '    Web/Docker: Setting up nginx',
    '    Web/Docker: without an end',
    '==> Web/Docker: Nginx done in 3.1s',
    '==> Web/Docker: done in 3.3s',
    '',
    '✔  Web/Docker  done  3.3s  docker-image sha256:aaaaaaaaaaaa',
    '',
    'artifacts',
    `  Web/Docker  docker-image  sha256:${'a'.repeat(64)}`,
    '',
    '✔ 1 done in 3.3s',
  ]);
});

test('what is cached is said out loud: its age, and how to refresh it', () => {
  const run = new Recorder([build('Core/Docker'), build('Web/Docker', ['Nginx'], ['Core/Docker'])]).start();
  run.node('Core/Docker').nodeEnd('Core/Docker', {
    state: 'cached',
    cache: { builtAt: run.now - 7_300_000, refresh: "goldsmith build --force 'Core/Docker'" },
  });
  run.node('Web/Docker').stepEnd('Web/Docker', 'Web/Nginx', 'cached').nodeEnd('Web/Docker').finish();
  const lines = printed(run);
  expect(lines).toContain(
    "==> Core/Docker: cached, built 2 hours ago: nothing to do; to refresh: goldsmith build --force 'Core/Docker'",
  );
  expect(lines).toContain('==> Web/Docker: Nginx is cached: a checkpoint holds it');
  expect(lines).toContain('●  Core/Docker  cached        built 2 hours ago');
  expect(lines).toContain("   to refresh: goldsmith build --force 'Core/Docker'");
  expect(lines.at(-1)).toBe('✔ 1 done, 1 cached in 0.0s');
});

test('a failure says where, why, what was printed and what to do', () => {
  const lines = printed(sampleRun());
  const at = lines.indexOf('==> Api/Docker: failed after 2.4s');
  expect(lines.slice(at, at + 6)).toEqual([
    '==> Api/Docker: failed after 2.4s',
    '    Api/Docker: error[STEP_FAILED]: `npm ci --omit=dev` ended with exit status 1, 0 is expected',
    '    Api/Docker:   at Api/App (images.ts:41)',
    '    Api/Docker:   │ npm error code ENOTFOUND',
    '    Api/Docker:   │ npm error network request to https://registry.example/left-pad failed',
    expect.stringMatching(/^ {4}Api\/Docker: {3}hint: allow other exit statuses/),
  ]);
  expect(lines).toContain('==> Api/Push/Docker: skipped because of Api/Docker');
  expect(lines.at(-1)).toBe('✘ 1 failed, 7 done, 1 cached, 1 skipped in 15.1s');
});

test('the summary shows artifacts in full, each once, and what was left behind', () => {
  const lines = printed(sampleRun());
  const summary = lines.slice(lines.indexOf('artifacts'));
  expect(summary.filter((line) => line.includes('2'.repeat(64)))).toHaveLength(2);
  expect(summary).toContain(`    artifacts/acme-images-Web.oci.tar  48.2 MB  sha256:${'8'.repeat(64)}`);
  expect(summary.slice(summary.indexOf('left behind'), -2)).toEqual([
    'left behind',
    '  Api/Docker  docker:container 3f4c9a1be210  kept',
    '    enter it: docker exec -it 3f4c9a1be210 sh',
    '    remove it: docker rm -f 3f4c9a1be210',
  ]);
});

test('paths of artifacts start where the user stands', () => {
  const lines = printed(sampleRun(), { folder: 'teams/web' });
  expect(lines).toContain(`    teams/web/artifacts/acme-images-Web.oci.tar  48.2 MB  sha256:${'8'.repeat(64)}`);
  expect(lines.find((line) => line.startsWith('✔  Web/Sandbox '))).toMatch(
    / oci-archive teams\/web\/artifacts\/acme-images-Web\.oci\.tar$/,
  );
});

test('a retried step says so, and a tolerated failure lets the build go on', () => {
  const run = new Recorder([build('Web/Docker', ['Nginx'])]).start().node('Web/Docker').step('Web/Docker', 'Web/Nginx');
  run
    .stepEnd('Web/Docker', 'Web/Nginx', 'failed', { code: 'STEP_FAILED', message: 'no' })
    .step('Web/Docker', 'Web/Nginx', 'shell', 2)
    .wait(1000);
  run.stepEnd('Web/Docker', 'Web/Nginx', 'tolerated', { code: 'STEP_FAILED', message: 'exit status 1' });
  expect(printed(run)).toEqual(
    expect.arrayContaining([
      '==> Web/Docker: Nginx (shell), attempt 2',
      '==> Web/Docker: Nginx failed in 1.0s: exit status 1; the build goes on',
    ]),
  );
});

test('no line of a command can move the cursor, set a title or turn text round', () => {
  const text = printed(sampleRun()).join('');
  expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
  expect(text).toContain(HOSTILE.slice(0, 20));
});

test('with colour each build has its own, and without there is no escape sequence', () => {
  const lines = printed(sampleRun(), { colour: true });
  expect(lines.find((line) => line.includes('Core/Docker:') && line.includes('launch'))).toMatch(
    /^==> \x1b\[3\dmCore\/Docker:\x1b\[39m launch$/,
  );
  const colours = new Set(lines.flatMap((line) => /^==> (\x1b\[3\dm)/.exec(line)?.[1] ?? []));
  expect(colours.size).toBeGreaterThanOrEqual(5);
  expect(printed(sampleRun()).join('')).not.toContain('\x1b');
});

test('timestamps begin each line where they are wanted', () => {
  const run = new Recorder([build('Web/Docker')]).start().node('Web/Docker').out('Web/Docker', undefined, 'text\n');
  expect(printed(run, { timestamps: true })).toEqual([
    expect.stringMatching(/^2026-11-22T04:05:06\.000Z ==> acme-images: 1 node/),
    '2026-11-22T04:05:06.000Z     Web/Docker: text',
  ]);
});

test('a run that breaks off loses no line', () => {
  const run = new Recorder([build('Web/Docker', ['Nginx'])])
    .start()
    .node('Web/Docker')
    .step('Web/Docker', 'Web/Nginx')
    .out('Web/Docker', 'Web/Nginx', 'the last words');
  expect(printed(run).at(-1)).toBe('    Web/Docker: the last words');
});
