import { Asset, build, GoldsmithError, Image, Secret, text, timestamp, uniqueId, type LateValue } from '../../lib';
import { fakePlatform, PlanAssert } from '../../lib/testing';
import { Note, Pack, Step } from '../helpers/extensions';
import { lineHere, problemsOf, testApp } from '../helpers/lab';

function errorOf(act: () => unknown): GoldsmithError {
  try {
    act();
  } catch (error) {
    if (GoldsmithError.is(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

function images() {
  const app = testApp();
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake');
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake', { size: 2 });
  return { app, fake, core, web };
}

describe('a value that is known only at run time', () => {
  const { core } = images();
  const values: readonly [string, LateValue<string>][] = [
    ['the output `imageId` of Core/Fake', core.artifact('Fake').imageId],
    ['a secret (env)', Secret.fromEnv('TOKEN')],
    ['a secret (file)', Secret.fromFile('token.txt')],
    ['a secret (command)', Secret.fromCommand('pass', ['show', 'token'])],
    ['timestamp()', timestamp()],
    ['uniqueId()', uniqueId()],
    ['build.name', build.name],
    ['the asset `site/`', new Asset('site/')],
    ['a text with values that are known only at run time', text`a ${timestamp()}`],
  ];

  test.each(values)('refuses to be used as a plain string: %s', (name, value) => {
    for (const misuse of [
      () => `${value as unknown as string}`,
      () => (value as unknown as string) + '',
      () => String(value),
      () => Number(value),
      () => JSON.stringify({ value }),
      () => [value].join(),
    ]) {
      expect(errorOf(misuse)).toMatchObject({
        code: 'LATE_VALUE_AS_TEXT',
        message: `${name} is known only at run time and cannot be used as a plain string here`,
        hint: expect.stringContaining('text`'),
      });
    }
  });

  test('says on which line it was misused', () => {
    const value = timestamp();
    const error = errorOf(() => `${value as unknown as string}`);
    expect(error.source).toBe(`values.test.ts:${lineHere(-1)}`);
  });
});

describe('text`…`', () => {
  test('joins strings, numbers and late values in the plan', () => {
    const { app, core, web } = images();
    new Step(web, 'Step', text`from ${core.artifact('Fake').id} at ${timestamp('unix')}, ${3} ${true}`);
    PlanAssert.fromApp(app).hasStep('step', {
      run: {
        $text: [
          'from ',
          { $output: { node: 'Core/Fake', name: 'id' } },
          ' at ',
          { $now: { format: 'unix' } },
          ', 3 true',
        ],
      },
    });
  });

  test('is a plain string in the plan when everything in it is known', () => {
    const { app, web } = images();
    new Step(web, 'Step', text`build ${build.id} of ${text`${build.image} (${build.type})`}, ${build.source}`);
    PlanAssert.fromApp(app).hasStep('step', { build: 'Web/Fake', run: 'build Web/Fake of Web (fake), Fake' });
  });

  test('may be nested, and empty', () => {
    const { app, web } = images();
    new Step(web, 'Empty', text``);
    new Step(web, 'Nested', text`a${text`b${text`c`}`}d`);
    PlanAssert.fromApp(app).hasStep('step', { id: 'Web/Empty', run: '' }).hasStep('step', { run: 'abcd' });
  });

  test('refuses what cannot be joined, and says where', () => {
    for (const [value, name] of [
      [undefined, 'undefined'],
      [null, 'null'],
      [{}, 'object'],
      [() => 1, 'function'],
    ] as const) {
      const error = errorOf(() => text`a ${value as unknown as string} b`);
      expect(error).toMatchObject({ code: 'INVALID_PROPS', message: `a piece of text\`…\` is ${name}` });
      expect(error.source).toMatch(/^values\.test\.ts:\d+$/);
    }
  });
});

describe('an output', () => {
  test('makes whoever uses it wait for the build, also deep in its props', () => {
    const { app, core, web } = images();
    new Step(web, 'Step', { run: 'a', env: { BASE: text`is ${core.artifact('Fake').output('name')}` } });
    PlanAssert.fromApp(app).hasBuild('fake', { image: 'Web', dependsOn: ['Core/Fake'] });
  });

  test('of a post-processor’s texts too', () => {
    const { app, core, web } = images();
    new Note(web, 'Note', { text: core.artifact('Fake').digest });
    PlanAssert.fromApp(app).hasProcess('note', { dependsOn: ['Core/Fake', 'Web/Fake'] });
  });

  test('of a source that is not there is a problem that names those that are', () => {
    const { app, core, web } = images();
    new Step(web, 'Step', core.artifact('Aws').imageId);
    expect(problemsOf(app)).toMatchObject([
      { code: 'UNKNOWN_SELECTOR', path: 'Core', message: 'there is no source `Aws`; the image has: Fake' },
    ]);
  });

  test('of an image that needs this one is a circle, which is shown', () => {
    const { app, core, web } = images();
    new Step(web, 'Step', core.artifact('Fake').id);
    new Step(core, 'Step', web.artifact('Fake').id);
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'DEPENDENCY_CYCLE',
        message: 'nodes depend on each other in a circle: Core/Fake → Web/Fake → Core/Fake',
      },
    ]);
  });
});

describe('build.*', () => {
  test('has the facts of each build in a step that runs in several', () => {
    const app = testApp();
    const one = fakePlatform({ use: 'one' });
    const two = fakePlatform({ use: 'two' });
    const web = new Image(app, 'WebServer');
    new one.Source(web, 'One');
    new two.Source(web, 'Two');
    new Step(web, 'Step', text`${build.name}`);
    new Pack(web, 'Pack', { output: text`${build.name}.pack` });
    PlanAssert.fromApp(app)
      .hasStep('step', { build: 'WebServer/One', run: 'web-server-one' })
      .hasStep('step', { build: 'WebServer/Two', run: 'web-server-two' });
  });

  test('has no meaning where the artifacts of several builds are taken together', () => {
    const app = testApp();
    const one = fakePlatform({ use: 'one' });
    const two = fakePlatform({ use: 'two' });
    const web = new Image(app, 'Web');
    new one.Source(web, 'One');
    new two.Source(web, 'Two');
    new Note(app, 'All', { text: text`${build.name}` });
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'INVALID_PROPS',
        path: 'All',
        message: '`build.name` stands for one build, and this takes what several make',
      },
    ]);
  });
});

describe('a secret', () => {
  test('is in the plan by reference only', () => {
    const { app, web } = images();
    new Step(web, 'Step', {
      run: 'a',
      env: {
        A: Secret.fromEnv('TOKEN'),
        B: Secret.fromFile('token.txt'),
        C: Secret.fromCommand('pass', ['show', 'x']),
        D: Secret.from('vault', { path: 'kv/x' }, 'goldsmith-vault'),
      },
    });
    const assert = PlanAssert.fromApp(app).hasStep('step', {
      env: {
        A: { $secret: { from: 'env', name: 'TOKEN' } },
        B: { $secret: { from: 'file', path: 'token.txt' } },
        C: { $secret: { from: 'command', command: 'pass', args: ['show', 'x'] } },
        D: { $secret: { from: 'vault', path: 'kv/x' } },
      },
    });
    expect(assert.plan.modules).toMatchObject({ vault: 'goldsmith-vault' });
  });
});
