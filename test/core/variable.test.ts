import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image, Secret, Variable, type VariableProps, type VariableTypes } from '../../lib';
import { givenInputs } from '../../lib/cli/inputs';
import { fakePlatform } from '../../lib/testing';
import { Step } from '../helpers/extensions';
import { build, problemsOf, testApp } from '../helpers/lab';

function valueOf<K extends keyof VariableTypes = 'string'>(given: string | undefined, props: VariableProps<K>) {
  const app = testApp({ variables: given === undefined ? {} : { name: given } });
  const { value } = new Variable(app, 'name', props);
  return { value, problems: problemsOf(app).map(({ message }) => message) };
}

describe('the value of a variable', () => {
  test('is of its type', () => {
    expect(valueOf('x', {}).value).toBe('x');
    expect(valueOf('', {}).value).toBe('');
    expect(valueOf('1.5', { type: 'number' }).value).toBe(1.5);
    expect(valueOf('true', { type: 'boolean' }).value).toBe(true);
    expect(valueOf('0', { type: 'boolean' }).value).toBe(false);
    expect(valueOf('a, b,c', { type: 'list' }).value).toEqual(['a', 'b', 'c']);
    expect(valueOf('["a, b", "c"]', { type: 'list' }).value).toEqual(['a, b', 'c']);
    expect(valueOf('', { type: 'list' }).value).toEqual([]);
  });

  test('is the default where none is given', () => {
    expect(valueOf(undefined, { default: 'x' }).value).toBe('x');
    expect(valueOf(undefined, { type: 'list', default: ['a'] }).value).toEqual(['a']);
    expect(valueOf(undefined, { type: 'boolean', default: false }).value).toBe(false);
  });

  test.each<[string, keyof VariableTypes, string]>([
    ['five', 'number', 'the variable `name`: `five` is no number'],
    ['', 'number', 'the variable `name`: `` is no number'],
    ['yes', 'boolean', 'the variable `name`: `yes` is no boolean'],
    ['["a', 'list', 'the variable `name`: `["a` is no list'],
    ['[1]', 'list', 'the variable `name`: `[1]` is no list'],
  ])('of the wrong type is a problem: %j as a %s', (given, type, message) => {
    expect(valueOf(given, { type }).problems).toEqual([message]);
  });

  test('that is not allowed is a problem that lists what is', () => {
    expect(valueOf('buster', { allowed: ['bookworm', 'trixie'] }).problems).toEqual([
      'the variable `name`: `buster` is not allowed; allowed are: bookworm, trixie',
    ]);
    expect(valueOf('3', { type: 'number', allowed: [1, 3] }).problems).toEqual([]);
    expect(valueOf('a,b', { type: 'list', allowed: [['a', 'b'], []] }).problems).toEqual([]);
  });

  test('that its own check refuses is a problem with what the check says', () => {
    const validate = (value: string): string | undefined =>
      value.startsWith('v') ? undefined : 'it must begin with v';
    expect(valueOf('v1', { validate }).problems).toEqual([]);
    expect(valueOf('1', { validate }).problems).toEqual(['the variable `name`: `1` is refused: it must begin with v']);
  });

  test('is checked also where it is the default', () => {
    expect(valueOf(undefined, { default: 'buster', allowed: ['bookworm'] }).problems).toEqual([
      'the variable `name`: `buster` is not allowed; allowed are: bookworm',
    ]);
    expect(valueOf(undefined, { type: 'number', default: '1' as unknown as number }).problems).toEqual([
      'the variable `name`: `1` is its default and no number',
    ]);
  });

  test('that is missing is a problem that says what the variable is for and how to give it', () => {
    const app = testApp();
    new Variable(app, 'release', { description: 'which Debian' });
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'MISSING_VARIABLE',
        path: 'release',
        message: 'the variable `release` (which Debian) has no value and no default',
        hint: 'give one: --var release=…, a --var-file, or GOLDSMITH_VAR_release',
      },
    ]);
  });

  test('of a variable that the program does not have is a problem that lists those it has', () => {
    const app = testApp({ variables: { relase: 'x', other: 'y' } });
    new Variable(app, 'release', { default: 'x' });
    new Variable(app, 'zone', { default: 'x' });
    expect(problemsOf(app)).toMatchObject([
      {
        code: 'UNKNOWN_VARIABLE',
        message: 'a value is given for `relase`, which the program does not declare',
        hint: 'did you mean `release`?',
      },
      { message: 'a value is given for `other`, which the program does not declare', hint: 'there is: release, zone' },
    ]);
  });
});

describe('a sensitive variable', () => {
  test('is read as a secret, and its value is in no plan and no message', async () => {
    const app = testApp({ variables: { token: 'hunter2-hunter2' } });
    const fake = fakePlatform();
    const web = new Image(app, 'Web');
    new fake.Source(web, 'Fake');
    const token = new Variable(app, 'token', { sensitive: true });
    new Step(web, 'Step', { run: 'login', stdin: token.secret });
    expect(token.secret).toBeInstanceOf(Secret);
    expect(JSON.stringify(app.synth())).not.toContain('hunter2');
    expect((await build(app)).report.ok).toBe(true);
    expect(fake.commands).toMatchObject([{ stdin: 'hunter2-hunter2' }]);
  });

  test('with a default runs with that', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = new Image(app, 'Web');
    new fake.Source(web, 'Fake');
    new Step(web, 'Step', {
      run: 'login',
      stdin: new Variable(app, 'token', { sensitive: true, default: 'guest' }).secret,
    });
    await build(app);
    expect(fake.commands).toMatchObject([{ stdin: 'guest' }]);
  });

  test('cannot be read as a plain value', () => {
    const { problems } = valueOf('hunter2-hunter2', { sensitive: true });
    expect(problems).toEqual(['the variable `name` is sensitive, its value cannot be read']);
  });

  test('does not show what was given when that is wrong', () => {
    const app = testApp({ variables: { pin: 'hunter2-hunter2', key: 'hunter3-hunter3' } });
    new Variable(app, 'pin', { sensitive: true, type: 'number' });
    new Variable(app, 'key', { sensitive: true, allowed: ['hunter4-hunter4'] });
    expect(problemsOf(app).map(({ message }) => message)).toEqual([
      'the variable `pin`: the given value is no number',
      'the variable `key`: the given value is not allowed',
    ]);
  });

  test('is not what `secret` of another variable gives', () => {
    const app = testApp({ variables: { name: 'x' } });
    void new Variable(app, 'name').secret;
    expect(problemsOf(app)).toMatchObject([{ message: 'the variable `name` is not sensitive' }]);
  });
});

describe('values from outside', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-variables-'));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const file = (name: string, content: string): string => {
    fs.writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };

  test('win in this order: --var, the last --var-file that has it, the environment', () => {
    const one = file('one.json', '{"a": "file", "b": "file one", "c": 3}');
    const two = file('two.json', '{"b": "file two", "d": ["x", "y"], "e": true}');
    const { values, problems } = givenInputs(
      ['build', '--var', 'a=argument=1', `--var-file=${one}`, '--var-file', two, '--var=f='],
      { GOLDSMITH_VAR_a: 'environment', GOLDSMITH_VAR_z: 'environment', OTHER: 'x' },
    );
    expect(problems).toEqual([]);
    expect(values).toEqual({
      a: 'argument=1',
      b: 'file two',
      c: '3',
      d: '["x","y"]',
      e: 'true',
      f: '',
      z: 'environment',
    });
  });

  test('that cannot be read are problems of the program, like any other', () => {
    const broken = file('broken.json', '{');
    const list = file('list.json', '[]');
    const { problems } = givenInputs(['--var', 'novalue', '--var-file', broken, '--var-file', list], {});
    expect(problems).toHaveLength(3);
    expect(problems.join()).toContain('"novalue" is not of the form name=value');
  });

  test('reach the program by command line and environment', () => {
    const { argv, env } = process;
    process.argv = [...argv, '--var', 'release=trixie'];
    process.env = { ...env, GOLDSMITH_VAR_zone: 'b' };
    try {
      const app = new App('test', { baseDir: folder });
      expect(new Variable(app, 'release').value).toBe('trixie');
      expect(new Variable(app, 'zone').value).toBe('b');
    } finally {
      process.argv = argv;
      process.env = env;
    }
  });
});
