import { widthOf } from '../../lib/reporters/text';
import { artifact, build, Recorder } from './helpers/recorder';
import { onTerminal } from './helpers/screenplay';
import { sampleRun } from './helpers/sample-run';

const NODE = 'Web/Docker';
const STEP = 'Web/Nginx';

function two(): Recorder {
  return new Recorder([build('Core/Docker', ['Patches', 'Users']), build(NODE, ['Nginx'], ['Core/Docker'])]);
}

/** Without the spinner's sign and trailing spaces. */
function calm(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, '*').replace(/ {2,}(?=\S+$| *\dm \d\ds$)/, '  '));
}

test('a running build shows its steps, the last lines of the running one, and what waits', () => {
  const run = two();
  const { terminal } = onTerminal(run, 60);
  run.start().node('Core/Docker').step('Core/Docker', 'launch', 'launch').wait(400).stepEnd('Core/Docker', 'launch');
  run
    .step('Core/Docker', 'Core/Patches')
    .out('Core/Docker', 'Core/Patches', 'one\ntwo\nthree\nfour\nfive\nsix\nsev')
    .wait(1300);
  expect(calm(terminal.screen)).toEqual([
    'acme-images 2 nodes, 4 at once, run 20261122-040506-k3x9',
    '* Core/Docker docker  1.7s',
    '  ✔ launch  0.4s',
    '  * Patches  1.3s',
    '    │ three',
    '    │ four',
    '    │ five',
    '    │ six',
    '    │ sev',
    '  · 2 more steps',
    '· Web/Docker  waits for Core/Docker',
    '1 running · 1 waiting  1.7s',
  ]);
});

test('time goes on where no event comes', () => {
  const run = two();
  const { terminal } = onTerminal(run, 60);
  run.start().node('Core/Docker').wait(61_000);
  expect(terminal.screen.at(-1)).toMatch(/1m 01s$/);
});

test('a transfer has a bar, amounts and a rate, and goes when its step ends', () => {
  const run = two();
  const { terminal } = onTerminal(run, 80);
  run.start().node('Core/Docker').step('Core/Docker', 'launch', 'launch');
  const pull = (current: number): Recorder =>
    run
      .emit({
        type: 'progress',
        node: 'Core/Docker',
        step: 'launch',
        label: 'pull 3f4c9a1b',
        current,
        total: 40e6,
        unit: 'bytes',
      })
      .wait(1000);
  pull(0);
  pull(5e6);
  pull(10e6);
  expect(terminal.screen[3]).toBe('    pull 3f4c9a1b            ━━━━━━━━━━━━━━━━  25% 10.0 MB of 40.0 MB 5.0 MB/s');
  run.stepEnd('Core/Docker', 'launch').wait(200);
  expect(terminal.screen.join()).not.toContain('pull');
});

test('what is cached is in the tree and in the summary, with its age and how to refresh it', () => {
  const run = two();
  const { terminal } = onTerminal(run, 60);
  run.start().node('Core/Docker');
  run.nodeEnd('Core/Docker', {
    state: 'cached',
    cache: { builtAt: run.now - 3 * 86_400_000, refresh: 'goldsmith build --force' },
    artifact: artifact('a'),
  });
  run.node(NODE).wait(300);
  expect(terminal.screen).toContain('● Core/Docker cached, built 3 days ago');
  run.nodeEnd(NODE).finish();
  expect(terminal.history).toContain('   to refresh: goldsmith build --force');
});

test('a failed step leaves its last lines on the screen, above what goes on', () => {
  const run = two();
  const { terminal } = onTerminal(run, 60, 20);
  run.start().node('Core/Docker').node(NODE).step(NODE, STEP);
  for (let index = 1; index <= 200; index += 1) run.out(NODE, STEP, `line ${index}\n`);
  run.out(NODE, STEP, 'no line feed', 'stderr').wait(100);
  const error = {
    code: 'STEP_FAILED',
    message: 'exit status 100',
    path: STEP,
    source: 'images.ts:23',
    hint: 'look at it',
    output: 'line 200',
  } as const;
  run.stepEnd(NODE, STEP, 'failed', error).nodeEnd(NODE, { state: 'failed', error }).wait(200);
  const { history } = terminal;
  const title = history.indexOf('Web/Docker: Nginx, last 50 of 201 lines');
  expect(history[title - 1]).toBe('');
  expect(history.slice(title + 1, title + 51)).toEqual([
    ...Array.from({ length: 49 }, (_, index) => `│ line ${index + 152}`),
    '│ no line feed',
  ]);
  expect(calm(history.slice(title + 51))).toEqual([
    'error[STEP_FAILED]: exit status 100',
    '  at Web/Nginx (images.ts:23)',
    '  hint: look at it',
    '* Core/Docker docker  0.3s',
    '  · 4 more steps',
    '✘ Web/Docker  failed  0.1s',
    '1 running · 1 failed  0.3s',
  ]);
});

test('warnings and what goldsmith says of a node stay above the tree; what a step says stands below it', () => {
  const run = two();
  const { terminal } = onTerminal(run, 70);
  run.start().node('Core/Docker').step('Core/Docker', 'Core/Patches');
  run.emit({ type: 'message', level: 'warning', node: 'Core/Docker', text: 'the base is old' });
  run.emit({ type: 'message', level: 'info', text: 'two lines\nof the run' });
  run
    .emit({ type: 'message', level: 'info', node: 'Core/Docker', step: 'Core/Patches', text: 'uploading a script' })
    .wait(100);
  expect(terminal.screen.slice(1, 4)).toEqual(['Core/Docker: warning: the base is old', 'two lines', 'of the run']);
  expect(terminal.screen).toContain('    │ uploading a script');
  run.stepEnd('Core/Docker', 'Core/Patches').nodeEnd('Core/Docker').nodeEnd(NODE).finish();
  expect(terminal.history.join('\n')).not.toContain('uploading');
});

test('thirty builds fit a small terminal: those that are done are counted', () => {
  const ids = Array.from({ length: 32 }, (_, index) => `Image${index + 1}/Docker`);
  const run = new Recorder(ids.map((id) => build(id, ['A', 'B', 'C'])));
  const { terminal } = onTerminal(run, 60, 15);
  run.start();
  for (const [index, id] of ids.entries()) {
    run
      .node(id)
      .step(id, `${id.split('/')[0]}/A`)
      .out(id, `${id.split('/')[0]}/A`, 'working\n')
      .wait(100);
    expect(terminal.screen.length).toBeLessThan(15);
    if (index >= 4) run.nodeEnd(ids[index - 4]!).wait(100);
    expect(terminal.screen.at(-1)).toContain('running');
  }
  expect(terminal.screen.filter((line) => line.includes('Docker'))).toHaveLength(4);
  expect(terminal.screen.at(-1)).toMatch(/^4 running · 28 done/);
  // Nothing that was drawn is left behind in what scrolled away.
  expect(terminal.history.length).toBeLessThan(16);
});

test('more running builds than lines are cut off, and counted', () => {
  const ids = Array.from({ length: 40 }, (_, index) => `Image${index + 1}/Docker`);
  const run = new Recorder(ids.map((id) => build(id)));
  const { terminal } = onTerminal(run, 60, 10);
  run.start();
  for (const id of ids) run.node(id);
  run.wait(100);
  expect(terminal.screen).toHaveLength(9);
  expect(terminal.screen.slice(-2)).toEqual(['  … and 33 more builds under way', expect.stringMatching(/^40 running/)]);
});

test.each([10, 20, 33, 80])(
  'no line is wider than a terminal of %i columns, with wide characters and emoji',
  (columns) => {
    const run = new Recorder([build('日本語のイメージ/Docker', ['パッチ']), build('🚀/Docker', ['Launch'])]);
    const { terminal } = onTerminal(run, columns, 30);
    run.start().node('日本語のイメージ/Docker').node('🚀/Docker').step('🚀/Docker', '🚀/Launch');
    run.out('🚀/Docker', '🚀/Launch', '設定中🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉\tüöä\n');
    run
      .emit({
        type: 'progress',
        node: '🚀/Docker',
        step: '🚀/Launch',
        label: '取得',
        current: 3,
        total: 7,
        unit: 'items',
      })
      .wait(500);
    const rows = terminal.screen;
    for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(columns);
    expect(rows.at(-1)).toMatch(/0\.[45]s$/);
  },
);

test('a terminal that is resized shows each frame once', () => {
  const run = two();
  const { terminal } = onTerminal(run, 80, 24);
  run.start().node('Core/Docker').step('Core/Docker', 'Core/Patches');
  run.out('Core/Docker', 'Core/Patches', `${'long '.repeat(30)}\n`).wait(500);
  for (const columns of [30, 60, 20, 80]) {
    terminal.resize(columns, 24);
    run.wait(500);
    expect(terminal.history.filter((line) => line.includes('Patches'))).toHaveLength(1);
    expect(terminal.history.filter((line) => line.startsWith('· Web/Docker'))).toHaveLength(1);
  }
  // Smaller than the frame: what scrolled out cannot be taken back, but what is seen is whole.
  terminal.resize(12, 5);
  run.wait(500);
  expect(terminal.screen).toEqual([
    expect.stringContaining('Core'),
    expect.stringContaining('P'),
    expect.stringContaining('│ long'),
    expect.stringMatching(/^1 ru/),
  ]);
});

test('at most twelve frames a second are drawn, however many events come', () => {
  const run = two();
  const { terminal } = onTerminal(run);
  run.start().node('Core/Docker').step('Core/Docker', 'Core/Patches');
  terminal.writes = [];
  for (let index = 0; index < 5000; index += 1) run.out('Core/Docker', 'Core/Patches', `line ${index}\n`).wait(1);
  expect(terminal.writes.length).toBeGreaterThan(40);
  expect(terminal.writes.length).toBeLessThanOrEqual(60);
});

test('a question stops the drawing until it is answered, and nothing is lost meanwhile', () => {
  const run = two();
  const { terminal, timers } = onTerminal(run, 70);
  run.start().node('Core/Docker').node(NODE).wait(200);
  run.emit({ type: 'question', node: NODE, text: 'retry?' });
  expect(terminal.cursorVisible).toBe(true);
  terminal.write('retry? ');
  terminal.writes = [];
  run.emit({ type: 'message', level: 'warning', node: 'Core/Docker', text: 'meanwhile' }).wait(5000);
  expect(terminal.writes).toEqual([]);
  expect(timers()).toBe(0);
  terminal.write('r\n');
  run.emit({ type: 'answered', node: NODE, answer: 'r' }).wait(100);
  expect(terminal.history.slice(1, 3)).toEqual(['retry? r', 'Core/Docker: warning: meanwhile']);
  expect(terminal.screen.at(-1)).toContain('2 running');
});

test('who is asked about a failure sees it first, and once', () => {
  const run = two();
  const { terminal } = onTerminal(run, 70);
  const error = { code: 'STEP_FAILED', message: 'exit status 7' } as const;
  const fail = (attempt: number): Recorder =>
    run
      .step(NODE, STEP, 'shell', attempt)
      .out(NODE, STEP, `try ${attempt}\n`)
      .stepEnd(NODE, STEP, 'failed', error)
      .emit({ type: 'question', node: NODE, text: 'retry?' });
  run.start().node(NODE);
  fail(1);
  expect(terminal.history.slice(1)).toEqual(['', 'Web/Docker: Nginx', '│ try 1', 'error[STEP_FAILED]: exit status 7']);
  run.emit({ type: 'answered', node: NODE, answer: 'r' });
  fail(2).emit({ type: 'answered', node: NODE, answer: 'c' }).nodeEnd(NODE, { state: 'failed', error }).wait(200);
  expect(terminal.history.filter((line) => line.startsWith('error['))).toHaveLength(2);
  expect(terminal.history).toContain('│ try 2');
});

test('a question that was cut short stops the drawing no longer than its build', () => {
  const run = two();
  const { terminal } = onTerminal(run, 70);
  run.start().node(NODE).node('Core/Docker').emit({ type: 'question', node: NODE, text: 'retry?' });
  run.nodeEnd(NODE, { state: 'cancelled' }).wait(200);
  expect(terminal.screen.at(-1)).toContain('1 running · 1 cancelled');
});

test('closing in the middle gives the terminal back, with the tree as it stood', () => {
  const run = two();
  const { terminal, reporter, timers } = onTerminal(run, 70);
  run
    .start()
    .node('Core/Docker')
    .step('Core/Docker', 'Core/Patches')
    .out('Core/Docker', 'Core/Patches', 'the last words')
    .wait(100);
  run.emit({ type: 'message', level: 'error', text: 'not drawn yet' });
  void reporter.close();
  void reporter.close();
  expect(terminal.cursorVisible).toBe(true);
  expect(timers()).toBe(0);
  expect(terminal.history).toEqual(expect.arrayContaining(['error: not drawn yet', '    │ the last words']));
  run.emit({ type: 'message', level: 'info', text: 'afterwards' });
  expect(terminal.history.at(-1)).toBe('afterwards');
});

test("the command line's own words go above the tree", () => {
  const run = two();
  const { terminal, reporter } = onTerminal(run, 70);
  run.start().node('Core/Docker').wait(100);
  reporter.say!('stopping, and cleaning up');
  run.wait(1);
  expect(terminal.screen[1]).toBe('stopping, and cleaning up');
  expect(terminal.screen.at(-1)).toContain('1 running');
});

test('a whole run ends with a summary and nothing of the tree', () => {
  const run = sampleRun();
  const replay = new Recorder();
  const { terminal } = onTerminal(replay, 90, 30, false);
  for (const { seq: _seq, time, ...body } of run.events) replay.wait(time - replay.now).emit(body);
  const { history } = terminal;
  expect(history.join('\n')).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
  expect(history.slice(history.findIndex((line) => line.startsWith('●  Core/Sandbox')))).toMatchSnapshot();
  expect(terminal.cursorVisible).toBe(true);
});
