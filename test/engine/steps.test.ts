import { Image } from '../../lib';
import { fakePlatform, virtualClock, type FakePlatform } from '../../lib/testing';
import { Step, type StepProps } from '../helpers/extensions';
import { build, testApp, type Ran } from '../helpers/lab';

interface Trial {
  readonly fake: FakePlatform;
  readonly commands: readonly string[];
  readonly run: Promise<Ran>;
  readonly clock: ReturnType<typeof virtualClock>;
  /** When each command ran, in seconds from the start. */
  readonly times: readonly string[];
}

/** One image with these steps on a fake platform, by a clock that stands still. Commands that fail say how often. */
function trial(steps: readonly StepProps[], failures: Readonly<Record<string, number>> = {}): Trial {
  const app = testApp();
  const fake = fakePlatform();
  const clock = virtualClock();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  steps.forEach((step, index) => new Step(web, `Step${index}`, step));
  const left: Record<string, number> = { ...failures };
  const times: string[] = [];
  const start = clock.now();
  fake.onCommand(({ command }) => {
    times.push(`${command} at ${(clock.now() - start) / 1000}`);
    left[command] = (left[command] ?? 0) - 1;
    return left[command] >= 0 ? { code: 1 } : undefined;
  });
  return { fake, clock, times, commands: times, run: build(app, { clock }) };
}

test('a step waits for its pause before it runs', async () => {
  const { run, clock, times } = trial([{ run: 'a' }, { run: 'b', pauseBefore: '1m30s' }]);
  expect(await clock.next()).toBe(90_000);
  expect((await run).report.ok).toBe(true);
  expect(times).toEqual(['a at 0', 'b at 90']);
});

test('the pause does not count for the timeout', async () => {
  const { run, clock, fake } = trial([{ run: 'slow', pauseBefore: '10m', timeout: '5s' }]);
  const { reached } = fake.hang('exec');
  expect(await clock.next()).toBe(600_000);
  await reached;
  await clock.advance(4_999);
  expect(clock.sleeping).toEqual([1]);
  await clock.advance(1);

  const { node, states, steps } = await run;
  expect(states).toEqual({ 'Web/Fake': 'failed' });
  expect(node('Web/Fake').error).toMatchObject({
    code: 'STEP_TIMEOUT',
    message: 'it took longer than its timeout of 5s',
    path: 'Web/Step0',
  });
  expect(steps).toContain('Web/Step0: failed');
  expect(fake.machines).toEqual([]);
});

test('the timeout counts anew for each try', async () => {
  const { run, clock, fake, times } = trial([{ run: 'slow', timeout: '5s', maxRetries: 1, retryDelay: '1m' }]);
  const { reached } = fake.hang('exec');
  await reached;
  await clock.advance(5_000);
  expect(await clock.next()).toBe(60_000);

  expect((await run).report.ok).toBe(true);
  expect(times).toEqual(['slow at 65']);
});

test('a step that fails is tried again, with the delay between the tries', async () => {
  const { run, clock, times } = trial([{ run: 'flaky', maxRetries: 2, retryDelay: '10s' }, { run: 'b' }], { flaky: 2 });
  const { report, events } = await clock.drive(run);

  expect(report.ok).toBe(true);
  expect(times).toEqual(['flaky at 0', 'flaky at 10', 'flaky at 20', 'b at 20']);
  const attempts = events.flatMap((event) =>
    event.type === 'step-started' && event.use === 'step' ? [`${event.step} ${event.attempt}`] : [],
  );
  expect(attempts).toEqual(['Web/Step0 1', 'Web/Step0 2', 'Web/Step0 3', 'Web/Step1 1']);
});

test('a step that fails more often than it is tried fails the build, and nothing after it runs', async () => {
  const { run, times, fake } = trial([{ run: 'a', maxRetries: 1 }, { run: 'b' }], { a: 2 });
  const { node } = await run;

  expect(times).toEqual(['a at 0', 'a at 0']);
  expect(node('Web/Fake').error).toMatchObject({ code: 'STEP_FAILED', path: 'Web/Step0' });
  expect(node('Web/Fake').error?.source).toMatch(/steps\.test\.ts:\d+$/);
  expect([...fake.machines, ...fake.images]).toEqual([]);
});

test('a build goes on after a step that may fail, and no checkpoint holds its failure', async () => {
  const { run, fake } = trial([{ run: 'a', continueOnError: true, maxRetries: 1 }, { run: 'b' }], { a: 2 });
  const { report, steps } = await run;

  expect(report.ok).toBe(true);
  expect(steps).toContain('Web/Step0: tolerated');
  expect(fake.checkpoints.map(({ history }) => history.slice(1))).toEqual([['a', 'a', 'b']]);
});

test('steps for failures run only when another step failed, before the machine is deleted', async () => {
  const steps: StepProps[] = [{ run: 'fetch logs', onFailure: true }, { run: 'a' }, { run: 'b' }];
  const good = trial(steps);
  await good.run;
  expect(good.times).toEqual(['a at 0', 'b at 0']);

  const bad = trial(steps, { a: 1 });
  const { states, steps: ended } = await bad.run;
  expect(bad.times).toEqual(['a at 0', 'fetch logs at 0']);
  expect(states).toEqual({ 'Web/Fake': 'failed' });
  expect(ended).toContain('Web/Step0: succeeded');
  expect(bad.fake.calls.map(({ verb }) => verb).slice(-2)).toEqual(['exec', 'destroy']);
});

test('a failure of a step for failures does not hide the failure it is for', async () => {
  const { run } = trial([{ run: 'fetch logs', onFailure: true }, { run: 'a' }], { a: 1, 'fetch logs': 1 });
  expect((await run).node('Web/Fake').error?.path).toBe('Web/Step1');
});

test('steps for failures are in no cache key', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'A', 'a');
  await build(app);
  new Step(web, 'Logs', { run: 'fetch logs', onFailure: true });

  expect((await build(app)).states).toEqual({ 'Web/Fake': 'cached' });
});
