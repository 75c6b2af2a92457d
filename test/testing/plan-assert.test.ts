import { Annotations, App, BaseImage, Image, Secret, text, timestamp } from '../../lib';
import { fakePlatform, Match, PlanAssert, TestApp, virtualClock } from '../../lib/testing';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Check, Note, Pack, Step } from '../helpers/extensions';
import { testApp } from '../helpers/lab';

function assert(): PlanAssert {
  const app = testApp();
  const fake = fakePlatform();
  const other = fakePlatform({ use: 'other' });
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake', { base: 'stable', size: 2, tags: { team: 'web', stage: 'dev' } });
  const web = new Image(app, 'Web', { from: core, maxAge: '7d' });
  new Step(web, 'Nginx', { run: 'apt-get install -y nginx', timeout: '5m', env: { TOKEN: Secret.fromEnv('TOKEN') } });
  new Step(web, 'Stamp', text`built ${timestamp()}`);
  new Check(web, 'Serves', { run: 'nginx -t', timeout: '1m' });
  new Pack(web, 'Pack', { output: 'web.pack', keepInputArtifact: true });
  new Note(web, 'Note');
  const exact = new Image(app, 'Exact');
  new other.Source(exact, 'Other', { base: BaseImage.exact({ digest: 'sha256:abc' }) });
  Annotations.of(exact).addWarning('has no steps');
  return PlanAssert.fromApp(app);
}

function failure(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}

describe('PlanAssert', () => {
  test('finds builds by parts of what they are', () => {
    assert()
      .hasBuild('fake')
      .hasBuild('fake', { size: 2 })
      .hasBuild('fake', { tags: { team: 'web' } })
      .hasBuild('fake', { id: 'Core/Fake', image: 'Core', source: 'Fake', base: 'stable', config: { size: 2 } })
      .hasBuild('fake', { image: 'Web', maxAge: '7d', dependsOn: ['Core/Fake'], tags: { team: 'web' } })
      .hasBuild('fake', { provisioners: [{ id: 'Web/Nginx', use: 'step', timeout: '5m' }, { use: 'step' }] })
      .hasBuild('fake', { config: Match.exact({ size: 2, tags: { stage: 'dev', team: 'web' } }) })
      .hasNoBuild('fake', { size: 3 })
      .hasNoBuild('docker')
      .buildCountIs(3)
      .buildCountIs(2, 'fake');
  });

  test('knows a base by every name it has', () => {
    assert()
      .hasBuild('fake', { base: 'stable' })
      .hasBuild('fake', { base: 'fake stable' })
      .hasBuild('fake', { base: Match.stringLike('sta*') })
      .hasBuild('fake', { base: { lookup: { name: 'stable' } } })
      .hasBuild('fake', { base: 'Core/Fake' })
      .hasBuild('fake', { base: { artifact: 'Core/Fake' } })
      .hasBuild('other', { base: 'sha256:abc' })
      .hasBuild('other', { base: { exact: { digest: Match.stringLike('sha256:*') } } });
  });

  test('finds steps, post-processors, verifications and warnings', () => {
    assert()
      .hasStep('step', { run: Match.stringLike('*nginx*'), timeout: '5m', image: 'Web' })
      .hasStep('step', { id: 'Web/Nginx', env: { TOKEN: Secret.fromEnv('TOKEN') } })
      .hasStep('step', { run: text`built ${timestamp()}`, timeout: Match.absent() })
      .hasNoStep('step', { run: Match.stringLike('*apache*') })
      .hasNoStep('shell')
      .hasProcess('pack', { inputs: ['Web/Fake'], output: 'web.pack', keepInputArtifact: true })
      .hasProcess('note', { after: ['Web/Pack/Fake'] })
      .hasVerification({ build: 'Web/Fake', run: 'nginx -t', timeout: '1m' })
      .hasVerification({ use: 'check' })
      .hasWarning('Exact', 'has no steps')
      .hasWarning('', Match.stringLike(/no steps/));
  });

  test('says what comes closest and marks what is wrong with it', () => {
    const message = failure(() =>
      assert().hasBuild('fake', { image: 'Core', size: 3, tags: { team: 'db', owner: 'x' } }),
    );
    expect(message).toContain('no build `fake` is like { image: "Core", size: 3, tags: { team: "db", owner: "x" } }');
    expect(message).toContain(['Core/Fake {', '  id: "Core/Fake"', '  image: "Core"', '  source: "Fake"'].join('\n'));
    expect(message).toContain('    size: 2 ◀── expected 3\n');
    expect(message).toContain('      team: "web" ◀── expected "db"\n');
    expect(message).toContain('      owner: (missing) ◀── expected "x"\n');
    expect(message.indexOf('Core/Fake {')).toBeLessThan(message.indexOf('Web/Fake {'));
  });

  test('marks what is wrong with a base, a list, and what should not be there', () => {
    expect(failure(() => assert().hasBuild('fake', { id: 'Core/Fake', base: 'debian' }))).toContain(
      '  base: { ◀── expected "debian"',
    );
    expect(failure(() => assert().hasBuild('fake', { id: 'Web/Fake', dependsOn: [] }))).toContain(
      '  dependsOn: [ ◀── expected 0 elements, and there are 1',
    );
    expect(failure(() => assert().hasStep('step', { id: 'Web/Nginx', timeout: Match.absent() }))).toContain(
      '  timeout: "5m" ◀── expected nothing here',
    );
    expect(failure(() => assert().hasBuild('fake', { provisioners: Match.arrayWith([{ use: 'shell' }]) }))).toContain(
      'expected an element like { use: "shell" }',
    );
  });

  test('shows at most three candidates, and cuts what is long', () => {
    const app = testApp();
    const fake = fakePlatform();
    for (let index = 0; index < 5; index += 1)
      new fake.Source(new Image(app, `I${index}`), 'Fake', { size: index + 1, note: 'x'.repeat(1000) });
    const message = failure(() => PlanAssert.fromApp(app).hasBuild('fake', { size: 99 }));
    expect(message).toContain('the closest 3 of 5');
    expect(message.match(/I\d\/Fake \{/g)).toHaveLength(3);
    expect(message).toContain('…');
    expect(message.length).toBeLessThan(3000);
  });

  test('says what there is where nothing comes close', () => {
    expect(failure(() => assert().hasBuild('docker'))).toBe('the plan has no build `docker`; it has: fake, other');
    expect(failure(() => assert().hasVerification({ use: 'x' }))).toBe(
      'the plan has no verification `x`; it has: check',
    );
    expect(failure(() => assert().buildCountIs(7))).toBe(
      'expected 7 builds, and there are 3: Core/Fake, Web/Fake, Exact/Other',
    );
    expect(failure(() => assert().hasNoStep('step', { timeout: '5m' }))).toContain('but Web/Nginx in Web/Fake is: {');
    expect(failure(() => assert().hasWarning('Exact', 'x'))).toContain('\n  Exact: has no steps');
  });

  test('takes a plan that was read from a file', () => {
    PlanAssert.fromPlan(JSON.parse(JSON.stringify(assert().plan)) as PlanAssert['plan']).buildCountIs(3);
  });

  test('throws what is wrong with a program that is wrong', () => {
    const app = testApp();
    new Image(app, 'Web');
    expect(() => PlanAssert.fromApp(app)).toThrow('the image has no source');
  });
});

describe('Match', () => {
  const fits = (expected: unknown, actual: unknown): boolean => {
    const app = testApp();
    const fake = fakePlatform();
    const web = new Image(app, 'Web');
    new fake.Source(web, 'Fake', actual as object);
    try {
      PlanAssert.fromApp(app).hasBuild('fake', { config: expected });
      return true;
    } catch {
      return false;
    }
  };

  test('expects what it says', () => {
    expect(fits({ note: Match.anyValue() }, { note: 'x' })).toBe(true);
    expect(fits({ note: Match.anyValue() }, {})).toBe(false);
    expect(fits({ note: Match.absent() }, {})).toBe(true);
    expect(fits({ note: Match.absent() }, { note: 'x' })).toBe(false);
    expect(fits({ tags: Match.exact({ a: '1' }) }, { tags: { a: '1' } })).toBe(true);
    expect(fits({ tags: Match.exact({ a: '1' }) }, { tags: { a: '1', b: '2' } })).toBe(false);
    expect(fits({ note: Match.not('x') }, { note: 'y' })).toBe(true);
    expect(fits({ note: Match.not('x') }, { note: 'x' })).toBe(false);
    expect(fits({ note: Match.stringLike('a*c') }, { note: 'a.b\nc' })).toBe(true);
    expect(fits({ note: Match.stringLike('a*c') }, { note: 'xac' })).toBe(false);
    expect(fits({ note: Match.stringLike('a.c') }, { note: 'abc' })).toBe(false);
    const global = Match.stringLike(/b/g);
    expect([fits({ note: global }, { note: 'abc' }), fits({ note: global }, { note: 'abc' })]).toEqual([true, true]);
  });

  test('finds elements of lists in their order', () => {
    const list = ['a', 'b', 'c'];
    const has = (...wanted: readonly unknown[]): boolean => {
      try {
        const app = testApp();
        const fake = fakePlatform();
        const web = new Image(app, 'Web');
        new fake.Source(web, 'Fake');
        list.forEach((run) => new Step(web, run, run));
        PlanAssert.fromApp(app).hasBuild('fake', {
          provisioners: Match.arrayWith(wanted.map((run) => ({ config: { run } }))),
        });
        return true;
      } catch {
        return false;
      }
    };
    expect([has(), has('a'), has('a', 'c'), has('b', 'c'), has('c', 'a'), has('a', 'a'), has('d')]).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('TestApp', () => {
  test('is an App in a folder of its own, deaf to the command line and the environment', () => {
    process.env['GOLDSMITH_VAR_colour'] = 'red';
    const app = new TestApp({ files: { 'a/b.sh': 'x' } });
    try {
      expect(app).toBeInstanceOf(App);
      expect(app.synth().nodes).toEqual([]);
      expect(fs.readFileSync(path.join(app.baseDir, 'a', 'b.sh'), 'utf8')).toBe('x');
    } finally {
      delete process.env['GOLDSMITH_VAR_colour'];
      app.cleanup();
      app.cleanup();
    }
    expect(fs.existsSync(app.baseDir)).toBe(false);
  });
});

describe('virtualClock', () => {
  test('stands still until it is moved, and then wakes sleepers in the order of their ends', async () => {
    const clock = virtualClock({ now: 1000 });
    const woken: string[] = [];
    const sleep = async (name: string, milliseconds: number): Promise<void> => {
      await clock.sleep(milliseconds);
      woken.push(`${name} at ${clock.now()}`);
      if (name === 'a') await sleep('after a', 5);
    };
    const all = [sleep('c', 30), sleep('a', 10), sleep('b', 20)];
    expect(clock.sleeping).toEqual([10, 20, 30]);
    await clock.advance(9);
    expect(woken).toEqual([]);
    await clock.advance(21);
    expect(woken).toEqual(['a at 1010', 'after a at 1015', 'b at 1020', 'c at 1030']);
    await Promise.all(all);
    expect(clock.slept).toEqual([30, 10, 20, 5]);
  });

  test('ends a sleep when its signal is aborted', async () => {
    const clock = virtualClock();
    const cancel = new AbortController();
    const sleep = clock.sleep(1000, cancel.signal);
    cancel.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    await expect(clock.sleep(1, cancel.signal)).rejects.toThrow('enough');
    expect(clock.sleeping).toEqual([]);
  });

  test('drives work that sleeps to its end, and gives its failure', async () => {
    const clock = virtualClock();
    const work = async (fail: boolean): Promise<string> => {
      for (let round = 0; round < 5; round += 1) await clock.sleep(60_000);
      if (fail) throw new Error('in the end');
      return 'done';
    };
    expect(await clock.drive(work(false))).toBe('done');
    await expect(clock.drive(work(true))).rejects.toThrow('in the end');
    expect(await clock.drive(Promise.resolve(5))).toBe(5);
  });
});
