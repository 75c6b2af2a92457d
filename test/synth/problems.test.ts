import { Construct } from 'constructs';
import type { GoldsmithError } from '../../lib';
import {
  Annotations,
  BaseImage,
  Image,
  PostProcessor,
  PostProcessorChain,
  Provisioner,
  Secret,
  Verification,
  type Source,
} from '../../lib';
import { fakePlatform, type FakePlatform, type TestApp } from '../../lib/testing';
import { Check, Choice, Look, Note, pack, Pack, PackedOnly, Step, step, type StepProps } from '../helpers/extensions';
import { lineHere, problemsOf, testApp } from '../helpers/lab';

const FILE = 'goldsmith/test/synth/problems.test.ts';

function web(props: object = {}): { app: TestApp; fake: FakePlatform; image: Image } {
  const app = testApp();
  const fake = fakePlatform();
  const image = new Image(app, 'Web');
  new fake.Source(image, 'Fake', props);
  return { app, fake, image };
}

/** The problems of a step with these props. */
function ofStep(props: unknown): readonly string[] {
  const { app, image } = web();
  new Step(image, 'Step', props as StepProps);
  return problemsOf(app).map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`));
}

test('all problems of a program are reported at once, each with its path and line', () => {
  const app = testApp({ variables: { colour: 'red' } });
  const fake = fakePlatform();
  const image = new Image(app, 'Web');
  new fake.Source(image, 'Fake', { sizee: 2 } as object);
  const line = lineHere(-1);
  new Step(image, 'Step', { run: 5, script: 'setup.sh' } as unknown as StepProps);
  new Step(image, 'Step', { run: 'a', timeout: 'soon', only: ['Docker'] });
  new Image(app, 'Empty');
  Annotations.of(image).addError('not allowed here');

  expect(problemsOf(app).map(({ code, path, source, message }) => ({ code, path, source, message }))).toEqual([
    expect.objectContaining({ code: 'VALIDATION_FAILED', path: 'Web', message: 'not allowed here' }),
    {
      code: 'DUPLICATE_ID',
      path: 'Web/Step~2',
      source: `${FILE}:${line + 3}`,
      message: 'there is already a `Step` in Web',
    },
    expect.objectContaining({ code: 'NO_SOURCE', path: 'Empty', source: `${FILE}:${line + 4}` }),
    expect.objectContaining({ code: 'UNKNOWN_SELECTOR', path: 'Web/Step~2' }),
    expect.objectContaining({ code: 'UNKNOWN_VARIABLE' }),
    { code: 'INVALID_PROPS', path: 'Web/Fake', source: `${FILE}:${line}`, message: 'unknown prop `sizee`' },
    {
      code: 'MISSING_ASSET',
      path: 'Web/Step',
      source: `${FILE}:${line + 2}`,
      message: '`script` names `setup.sh`, which is not there',
    },
    expect.objectContaining({ code: 'INVALID_PROPS', path: 'Web/Step' }),
    expect.objectContaining({ code: 'INVALID_PROPS', path: 'Web/Step~2' }),
  ]);
});

test('one problem is thrown as itself, several as INVALID_PROGRAM with a list', () => {
  const app = testApp();
  new Image(app, 'A');
  expect(() => app.synth()).toThrow(expect.objectContaining({ code: 'NO_SOURCE', path: 'A' }) as GoldsmithError);
  new Image(app, 'B');
  expect(() => app.synth()).toThrow(
    expect.objectContaining({ code: 'INVALID_PROGRAM', message: '2 problems were found' }) as GoldsmithError,
  );
});

describe('props', () => {
  test('that are not known are problems with the nearest name', () => {
    expect(ofStep({ run: 'a', sript: 'x' })).toEqual(['unknown prop `sript` (did you mean `script`?)']);
    expect(ofStep({ run: 'a', timout: '1m' })).toEqual(['unknown prop `timout` (did you mean `timeout`?)']);
    expect(ofStep({ run: 'a', zzzzzz: 1 })).toEqual([
      expect.stringMatching(
        /^unknown prop `zzzzzz` \(there is: run, stdin, env, script, folder, only, except, .*onFailure\)$/,
      ),
    ]);
  });

  test('that are missing are named', () => {
    expect(ofStep({})).toEqual(['`run` is missing']);
  });

  test('of the wrong type say what was given and what is allowed', () => {
    expect(ofStep({ run: 5 })).toEqual(['`run` is 5: Invalid input: expected string, received number']);
    expect(ofStep({ run: 'a', env: { A: 1 } })).toEqual([
      '`env.A` is 1: Invalid input: expected string, received number',
    ]);
    expect(ofStep({ run: 'a', env: ['x'] })).toEqual([expect.stringMatching(/^`env` is \["x"\]: .*expected record/)]);
  });

  test('that break a rule between props say which', () => {
    const { app, image } = web();
    new Choice(image, 'None', {});
    new Choice(image, 'Both', { left: 'a', right: 'b' });
    new Choice(image, 'Fine', { left: 'a' });
    expect(problemsOf(app).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'Web/None: exactly one of `left`, `right` is needed, none is given',
      'Web/Both: exactly one of `left`, `right` is needed, given are `left`, `right`',
    ]);
  });

  test('that a plan cannot hold are problems', () => {
    class Fancy {
      readonly a = 1;
    }
    expect(ofStep({ run: 'a', env: new Fancy() })).toEqual([
      '`env` is an object of class Fancy, which a plan cannot hold',
      expect.anything(),
    ]);
    expect(ofStep({ run: 'a', stdin: () => 'x' })[0]).toBe('`stdin` is a function, which a plan cannot hold');
    expect(ofStep({ run: 'a', stdin: Number.NaN })[0]).toBe('`stdin` is NaN, which a plan cannot hold');
    expect(ofStep({ run: 'a', stdin: 10n })[0]).toBe('`stdin` is a bigint, which a plan cannot hold');
  });

  test('with a key that plans keep for late values are problems', () => {
    expect(ofStep({ run: 'a', env: { $now: 'x' } })).toEqual(['`env.$now` is a key that plans keep for themselves']);
  });

  test('that are undefined are as if not given', () => {
    expect(ofStep({ run: 'a', script: undefined, timeout: undefined })).toEqual([]);
  });

  test('are wrong once, also where the step runs in several builds', () => {
    const { app, fake, image } = web();
    new fake.Source(image, 'Other', { size: 2 });
    new Step(image, 'Step', { run: 'a', wrong: 1, overrides: { Other: { run: 'b' } } } as StepProps);
    expect(problemsOf(app)).toHaveLength(1);
  });

  test('of a step that no source takes are checked all the same', () => {
    const { app, image } = web();
    new Step(image, 'Step', { run: 5, only: [() => false] } as unknown as StepProps);
    expect(problemsOf(app)).toMatchObject([{ path: 'Web/Step' }]);
  });

  test('that come only by overrides are not missed elsewhere', () => {
    const { app, image } = web();
    new Step(image, 'Step', { overrides: { Fake: { run: 'a' } } } as unknown as StepProps);
    expect(problemsOf(app)).toEqual([]);
  });

  test.each([
    [{ timeout: 'soon' }, '`timeout` is "soon": a length of time such as `90s`, `5m` or `1h30m`'],
    [{ pauseBefore: '5' }, '`pauseBefore` is "5": a length of time such as `90s`, `5m` or `1h30m`'],
    [{ retryDelay: 10 }, expect.stringMatching(/^`retryDelay` is 10: /)],
    [{ maxRetries: -1 }, expect.stringMatching(/^`maxRetries` is -1: /)],
    [{ maxRetries: 1.5 }, expect.stringMatching(/^`maxRetries` is 1.5: /)],
    [{ continueOnError: 'yes' }, expect.stringMatching(/^`continueOnError` is "yes": /)],
    [{ only: 'Fake' }, '`only` is "Fake": a list of sources is needed, such as `["Docker"]`'],
    [{ except: [5] }, '`except[0]` is 5: an id of a source, a type key of a platform, or a function is needed'],
    [{ overrides: { Fake: 'x' } }, '`overrides.Fake` is "x": props are needed'],
    [{ overrides: { Fake: { timeout: 'x' } } }, '`timeout` is "x": a length of time such as `90s`, `5m` or `1h30m`'],
  ])('of how a step is run are checked: %j', (props, message) => {
    expect(ofStep({ run: 'a', ...props })).toEqual([message]);
  });

  test('of images, verifications and post-processors that are goldsmith’s own are checked', () => {
    const app = testApp();
    const fake = fakePlatform();
    const image = new Image(app, 'Web', { maxAge: 'a week' });
    new fake.Source(image, 'Fake');
    new Check(image, 'Check', { run: 'a', timeout: '5 minutes', only: ['Nope'] });
    new Note(image, 'Note', { inputs: 'both', keepInputArtifact: 'no', except: 'Fake' } as object);
    expect(problemsOf(app).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'Web: `maxAge` is "a week": a length of time is needed, such as `7d`',
      'Web/Check: `timeout` is "5 minutes": a length of time is needed, such as `7d`',
      'Web/Note: `except` is "Fake": a list of sources is needed, such as `["Docker"]`',
      "Web/Note: `inputs` is \"both\": 'each' or 'all' is needed",
      'Web/Note: `keepInputArtifact` is "no": true or false is needed',
      "Web/Check: `only` names `Nope`, which is no source of the image and no platform's type key",
    ]);
  });
});

test('what may be one of several things says what is wrong with the one it resembles', () => {
  const { app, image } = web();
  new Verification(image, 'Check', {
    commands: [{ command: 'nginx -t', exitcode: 1 } as unknown as string, { command: 5 } as unknown as string, 'fine'],
  });
  expect(problemsOf(app).map(({ message }) => message)).toEqual([
    'unknown prop `exitcode` in `commands[0]`',
    '`commands[1].command` is 5: Invalid input: expected string, received number',
  ]);
});

describe('ids', () => {
  test('that are there twice are problems, and all the rest is still looked at', () => {
    const app = testApp();
    const fake = fakePlatform();
    for (let round = 0; round < 3; round += 1) new fake.Source(new Image(app, 'Web'), 'Fake', { size: round + 1 });
    expect(problemsOf(app).map(({ code, path }) => `${code} ${path}`)).toEqual([
      'DUPLICATE_ID Web~2',
      'DUPLICATE_ID Web~3',
    ]);
  });

  test('may look like the ones goldsmith gives to duplicates', () => {
    const app = testApp();
    const fake = fakePlatform();
    new fake.Source(new Image(app, 'Web~2'), 'Fake');
    expect(problemsOf(app)).toEqual([]);
  });
});

describe('selectors', () => {
  test('that name nothing are problems with the nearest name', () => {
    const { app, image } = web();
    new Step(image, 'Only', { run: 'a', only: ['Fak'] });
    new Step(image, 'Except', { run: 'a', except: ['docker'] });
    new Step(image, 'Overrides', { run: 'a', overrides: { Fakes: { run: 'b' } } });
    new Check(image, 'Check', { run: 'a', only: ['Fak'] });
    new Note(image, 'Note', { except: ['Fak'] });
    expect(problemsOf(app).map(({ path, message, hint }) => `${path}: ${message.split(',')[0]}; ${hint}`)).toEqual([
      'Web/Only: `only` names `Fak`; did you mean `fake` or `Fake`?',
      'Web/Except: `except` names `docker`; there is: Fake, fake',
      'Web/Overrides: `overrides` names `Fakes`; did you mean `fake` or `Fake`?',
      'Web/Check: `only` names `Fak`; did you mean `fake` or `Fake`?',
      'Web/Note: `except` names `Fak`; did you mean `fake` or `Fake`?',
    ]);
  });
});

describe('circles', () => {
  test('between images are shown', () => {
    const { app, fake, image } = web();
    const other = new Image(app, 'Other');
    new fake.Source(other, 'Fake', { base: BaseImage.of(image) });
    image.node.addDependency(other);
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'DEPENDENCY_CYCLE',
        message: 'nodes depend on each other in a circle: Web/Fake → Other/Fake → Web/Fake',
      },
    ]);
  });

  test('of an image with itself are shown', () => {
    const app = testApp();
    const fake = fakePlatform();
    const image = new Image(app, 'Web');
    new fake.Source(image, 'Fake', { base: BaseImage.of(image) });
    expect(problemsOf(app)).toMatchObject([
      { code: 'DEPENDENCY_CYCLE', message: expect.stringContaining('Web/Fake → Web/Fake') },
    ]);
  });

  test('between steps of one image are shown', () => {
    const { app, image } = web();
    const [one, two] = [new Step(image, 'One', 'a'), new Step(image, 'Two', 'b')];
    one.node.addDependency(two);
    two.node.addDependency(one);
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'DEPENDENCY_CYCLE',
        path: 'Web',
        message: 'steps depend on each other in a circle: Web/One → Web/Two → Web/One',
      },
    ]);
  });
});

describe('names', () => {
  test('of artifacts that two builds would write are problems', () => {
    const { app, fake } = web({ name: 'acme/web' });
    new fake.Source(new Image(app, 'Copy'), 'Fake', { name: 'acme/web', size: 2 });
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'DUPLICATE_ARTIFACT',
        path: 'Copy/Fake',
        message: 'Copy/Fake and Web/Fake would write the same: `name` "acme/web"',
      },
    ]);
  });

  test('may be the same on two platforms', () => {
    const app = testApp();
    for (const use of ['one', 'two'])
      new (fakePlatform({ use }).Source)(new Image(app, use), 'Fake', { name: 'acme/web' });
    expect(problemsOf(app)).toEqual([]);
  });

  test('of files that one post-processor would write for two builds are problems', () => {
    const { app, fake, image } = web();
    new fake.Source(image, 'Other', { size: 2 });
    new Pack(image, 'Pack', 'web.pack');
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'DUPLICATE_ARTIFACT',
        path: 'Web/Pack',
        hint: expect.stringContaining('build.name'),
      },
    ]);
  });
});

describe('post-processors', () => {
  test('that cannot take what they would get are problems', () => {
    const { app, image } = web();
    new PackedOnly(image, 'PackedOnly');
    const chain = new PostProcessorChain(image, 'Chain');
    new Pack(chain, 'Pack', 'web.pack');
    new PackedOnly(chain, 'Fine');
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'INCOMPATIBLE_INPUT',
        path: 'Web/PackedOnly',
        message: '`packed-only` cannot take what Web/Fake makes (a `fake-image`); it takes: pack',
      },
    ]);
  });

  test('that need an artifact where none is made are problems', () => {
    const { app, image } = web({ discard: true });
    new PackedOnly(image, 'PackedOnly');
    expect(problemsOf(app)).toMatchObject([{ message: expect.stringContaining('(no artifact)') }]);
  });

  test('are not blamed for a build whose props are wrong', () => {
    const { app, image } = web({ discard: 'yes' });
    new PackedOnly(image, 'PackedOnly');
    expect(problemsOf(app)).toMatchObject([{ path: 'Web/Fake', message: expect.stringContaining('`discard`') }]);
  });

  test('with no build in reach, and chains of nothing, are problems', () => {
    const app = testApp();
    const fake = fakePlatform();
    const image = new Image(app, 'Web');
    new fake.Source(image, 'Fake');
    new Note(image, 'Narrow', { only: [() => false] });
    new Note(new Construct(app, 'Group'), 'Lonely');
    new PostProcessorChain(image, 'Chain');
    expect(problemsOf(app).map(({ code, path }) => `${code} ${path}`)).toEqual([
      'INVALID_PROGRAM Web/Chain',
      'NO_SOURCE Web/Narrow',
      'NO_SOURCE Group/Lonely',
    ]);
  });
});

describe('bases', () => {
  test('that hold something known only at run time are problems', () => {
    const { app, fake, image } = web();
    const secret = Secret.fromEnv('X') as unknown as string;
    new fake.Source(image, 'Lookup', { base: BaseImage.lookup({ use: 'fake', query: { name: secret }, label: 'x' }) });
    new fake.Source(image, 'Exact', { base: BaseImage.exact([image as unknown as string]) });
    expect(problemsOf(app).map(({ code, path }) => `${code} ${path}`)).toEqual([
      'INVALID_PROPS Web/Lookup',
      'INVALID_PROPS Web/Exact',
    ]);
  });
});

test('two packages that offer the same type key cannot be told apart in a plan', () => {
  class Foreign extends Provisioner {
    constructor(scope: Construct, id: string) {
      super(scope, id, { run: 'a' } as object, { ...step, module: 'another-package' } as Provisioner['extension']);
    }
  }
  class ForeignPack extends PostProcessor {
    constructor(scope: Construct, id: string) {
      super(scope, id, { output: 'x' } as object, { ...pack, use: 'step' } as unknown as PostProcessor['extension']);
    }
  }
  const { app, image } = web();
  new Step(image, 'Step', 'a');
  new Foreign(image, 'Foreign');
  new ForeignPack(image, 'SameModule');
  expect(problemsOf(app)).toMatchObject([
    {
      code: 'INVALID_PROGRAM',
      path: 'Web/Foreign',
      message: 'both `test-extensions` and `another-package` offer `step`: a plan can name only one of them',
    },
  ]);
});

test('what a construct finds wrong while it is rendered is reported', () => {
  const { app, image } = web();
  const source = image.sources[0] as Source;
  source.config = () => {
    image.artifact('Late');
    return {};
  };
  expect(problemsOf(app)).toMatchObject([{ code: 'UNKNOWN_SELECTOR', message: expect.stringContaining('`Late`') }]);
});

test('a step that looks only is like any other', () => {
  const { app, image } = web();
  new Look(image, 'Look', 'ls');
  expect(problemsOf(app)).toEqual([]);
});
