import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError, Image, Secret, text, Variable } from '../../lib';
import { fakePlatform, type FakePlatform, type TestApp } from '../../lib/testing';
import { Note, Pack, Step } from '../helpers/extensions';
import { build, filesBelow, testApp } from '../helpers/lab';

const SECRET = 'p4ss "w/ö+rd" $x\'%';

/** Every form in which the secret may be printed by a step, or by goldsmith itself. */
const FORMS: Readonly<Record<string, string>> = {
  raw: SECRET,
  base64: Buffer.from(SECRET).toString('base64'),
  'base64 inside of something longer': Buffer.from(`user:${SECRET}@host`).toString('base64'),
  base64url: Buffer.from(SECRET).toString('base64url'),
  url: encodeURIComponent(SECRET),
  form: new URLSearchParams({ x: SECRET }).toString().slice(2),
  json: JSON.stringify(SECRET).slice(1, -1),
  'json in json': JSON.stringify(JSON.stringify(SECRET)).slice(3, -3),
  'shell quoted': `'${SECRET.replace(/'/g, `'\\''`)}'`,
  hex: Buffer.from(SECRET).toString('hex'),
};

/** What of the secret is in a text, in whichever form. */
function traces(text: string): string[] {
  return Object.entries(FORMS).flatMap(([name, form]) => {
    // Of base64 within something longer the middle is what gives it away.
    const core = name.startsWith('base64 inside') ? form.slice(8, -8) : form;
    return text.includes(core) ? [name] : [];
  });
}

function program(fake: FakePlatform, secret: (app: TestApp) => Secret): TestApp {
  const app = testApp({ variables: { token: SECRET }, files: { 'token.txt': `${SECRET}\n` } });
  new Variable(app, 'token', { sensitive: true });
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake', { tags: { a: 'b' } });
  new Step(web, 'Login', { run: 'login', stdin: text`password=${secret(app)}` });
  new Step(web, 'Echo', { run: 'echo', env: { X: secret(app) } });
  new Pack(web, 'Pack', { output: 'web.pack', keepInputArtifact: true });
  new Note(app, 'Note', { text: secret(app) });
  return app;
}

const env = { TOKEN: SECRET, PATH: process.env['PATH'] };

describe.each<[string, (app: TestApp) => Secret]>([
  ['an environment variable', () => Secret.fromEnv('TOKEN')],
  ['a file', () => Secret.fromFile('token.txt')],
  ['a command', () => Secret.fromCommand('sh', ['-c', 'printf "%s\\n" "$TOKEN"'])],
  ['a sensitive variable', (app) => (app.node.findChild('token') as Variable).secret],
])('a secret from %s', (_name, secret) => {
  test('reaches the step that uses it, and is in nothing that is written, shown or reported', async () => {
    const fake = fakePlatform();
    const app = program(fake, secret);
    fake.onCommand(({ command }) => {
      if (command !== 'echo') return undefined;
      return { stdout: Object.values(FORMS).join('\n'), stderr: `error: ${SECRET}\n`, code: 1 };
    });
    const { report, events } = await build(app, { env });
    expect(report.status).toBe('failed');
    expect(fake.commands[0]?.stdin).toBe(`password=${SECRET}`);

    expect(traces(JSON.stringify(events))).toEqual([]);
    expect(events.some((event) => event.type === 'output' && event.text.includes('<sensitive>'))).toBe(true);
    expect(traces(JSON.stringify(report))).toEqual([]);
    for (const [file, content] of Object.entries(filesBelow(app.baseDir))) {
      if (file === 'token.txt') continue;
      expect({ file, traces: traces(content), latin: traces(Buffer.from(content, 'latin1').toString()) }).toEqual({
        file,
        traces: [],
        latin: [],
      });
    }
  });

  test('is in nothing that a build that went well leaves either', async () => {
    const fake = fakePlatform();
    const app = program(fake, secret);
    const { report, events } = await build(app, { env });
    expect(report.ok).toBe(true);
    expect(traces(JSON.stringify([report, events]))).toEqual([]);
    for (const [file, content] of Object.entries(filesBelow(app.baseDir)))
      if (file !== 'token.txt') expect(traces(content)).toEqual([]);
    // And it is found in the cache with another value.
    const again = await build(app, { env: { ...env, TOKEN: 'another-value' }, variables: {} } as object);
    expect(again.states['Web/Fake']).toBe('cached');
  });
});

test('a secret is hidden also in what comes in pieces', async () => {
  const fake = fakePlatform();
  const app = program(fake, () => Secret.fromEnv('TOKEN'));
  const load = fake.extension.load.bind(fake.extension);
  Object.assign(fake.extension, {
    load: async (ctx: Parameters<typeof load>[0]) => {
      const driver = await load(ctx);
      const connect = driver.connect.bind(driver);
      driver.connect = async (...given) => ({
        ...(await connect(...given)),
        exec: (_command, { onOutput }) => {
          for (const letter of `before ${SECRET} after`) onOutput?.(letter, 'stdout');
          return Promise.resolve({ ended: 'exit', code: 0 });
        },
      });
      return driver;
    },
  });
  const { output } = await build(app, { env });
  expect(output).toBe('before <sensitive> after'.repeat(2));
});

test('what a driver learns on the way can be hidden too', async () => {
  const fake = fakePlatform();
  const app = testApp();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'Step', 'login');
  const load = fake.extension.load.bind(fake.extension);
  Object.assign(fake.extension, {
    load: async (ctx: Parameters<typeof load>[0]) => {
      ctx.secret('session-4711-token');
      return load(ctx);
    },
  });
  fake.onCommand(() => ({ code: 1, stderr: 'session-4711-token expired\n' }));
  const { output, events } = await build(app);
  expect(output).toBe('<sensitive> expired\n');
  expect(JSON.stringify(events)).not.toContain('4711');
});

describe('a secret that cannot be read', () => {
  test.each<[string, Secret, string]>([
    ['variable that is not set', Secret.fromEnv('NOPE'), 'the environment variable `NOPE` is not set'],
    ['variable that is empty', Secret.fromEnv('EMPTY'), 'the environment variable `EMPTY` is empty'],
    ['file that is not there', Secret.fromFile('nope.txt'), 'the file `nope.txt` cannot be read (ENOENT)'],
    [
      'command that fails',
      Secret.fromCommand('sh', ['-c', `echo ${'hunter2-hunter2'}; exit 3`]),
      'the command `sh` failed (3)',
    ],
    [
      'command that is not there',
      Secret.fromCommand('no-such-command'),
      'the command `no-such-command` failed (ENOENT)',
    ],
    [
      'variable of the program without a value',
      Secret.from('variable', { name: 'x' }),
      'the sensitive variable `x` has no value',
    ],
  ])('fails the step with its name: a %s', async (_name, secret, message) => {
    const fake = fakePlatform();
    const app = testApp();
    const web = new Image(app, 'Web');
    new fake.Source(web, 'Fake');
    new Step(web, 'Step', { run: 'a', stdin: secret });
    const { node, events } = await build(app, { env: { EMPTY: '', PATH: process.env['PATH'] } });
    expect(node('Web/Fake').error).toMatchObject({ code: 'SECRET_UNAVAILABLE', message, path: 'Web/Step' });
    expect(node('Web/Fake').error?.hint).toBeTruthy();
    expect(JSON.stringify(events)).not.toContain('hunter2');
    expect(fake.machines).toEqual([]);
  });

  test('of a place that nobody reads says which module is missing', async () => {
    const fake = fakePlatform();
    const app = testApp();
    const web = new Image(app, 'Web');
    new fake.Source(web, 'Fake');
    new Step(web, 'Step', { run: 'a', stdin: Secret.from('vault', { path: 'x' }, 'goldsmith-vault') });
    const { node } = await build(app);
    expect(node('Web/Fake').error).toMatchObject({
      code: 'MODULE_NOT_FOUND',
      hint: expect.stringContaining('npm install goldsmith-vault'),
    });
  });
});

test('a secret that is too short to be hidden is said to be', async () => {
  const fake = fakePlatform();
  const app = testApp();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'Step', { run: 'a', stdin: Secret.fromEnv('PIN') });
  const { messages } = await build(app, { env: { PIN: '123' } });
  expect(messages.join()).toContain('shorter than 4 characters');
});

test('a file’s secret loses one newline at its end and nothing else', async () => {
  const fake = fakePlatform();
  const app = testApp();
  fs.writeFileSync(path.join(app.baseDir, 'key'), '  line one\nline two\r\n\r\n');
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'Step', { run: 'a', stdin: Secret.fromFile('key') });
  await build(app);
  expect(fake.commands[0]?.stdin).toBe('  line one\nline two\r\n');
});

test('an error that tells a secret does not', async () => {
  const fake = fakePlatform();
  const app = program(fake, () => Secret.fromEnv('TOKEN'));
  fake.fail('capture', {
    error: new GoldsmithError('CAPTURE_FAILED', `bad ${SECRET}`, { hint: SECRET, output: SECRET }),
  });
  const { report, events } = await build(app, { env });
  expect(traces(JSON.stringify([report, events]))).toEqual([]);
  expect(report.nodes[0]?.error).toMatchObject({
    message: 'bad <sensitive>',
    hint: '<sensitive>',
    output: '<sensitive>',
  });
});
