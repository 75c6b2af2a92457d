import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Image, ShellProvisioner } from '../../lib';
import { run } from '../../lib/engine';
import { readPlan, writePlan, type Plan } from '../../lib/plan';
import { NullSource } from '../../lib/platforms/null';
import { fakePlatform } from '../../lib/testing';
import { Step } from '../helpers/extensions';
import { failureOf, testApp } from '../helpers/lab';

/** A third party's package: a provisioner, in plain JavaScript as npm delivers it. */
const ACME = `
const { z } = require(process.env.ZOD);
exports.notAnExtension = { kind: 'other' };
exports.greet = {
  kind: 'provisioner', use: 'acme-greet', module: 'acme',
  schema: z.strictObject({ name: z.string() }),
  run: async ({ name }, machine, ctx) => { ctx.output('hello ' + name + '\\n'); },
};
`;

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-plan-from-disk-'));
  process.env['ZOD'] = require.resolve('zod');
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
  delete process.env['ZOD'];
});

function install(name: string, code: string): void {
  const dir = path.join(folder, 'node_modules', name);
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
  fs.writeFileSync(path.join(dir, 'index.js'), code);
}

/** A plan on this machine, with a step of somebody else's in it. */
function planWith(use: string, module: string, config: object = { name: 'world' }): Plan {
  const app = testApp();
  const image = new Image(app, 'Here');
  new NullSource(image, 'Null');
  new ShellProvisioner(image, 'Shell', { inline: ['echo from the plan'] });
  const plan = JSON.parse(writePlan(app.synth())) as Plan;
  const build = plan.nodes[0] as Extract<Plan['nodes'][number], { kind: 'build' }>;
  build.provisioners.push({ id: 'Here/Theirs', use, config } as (typeof build.provisioners)[number]);
  plan.modules[use] = module;
  return readPlan(JSON.stringify(plan));
}

const outputs = async (plan: Plan): Promise<{ text: string; error: string | undefined; hint: string | undefined }> => {
  let text = '';
  const report = await run(plan, {
    projectDir: folder,
    env: { PATH: process.env['PATH'] },
    onEvent: (event) => {
      if (event.type === 'output') text += event.text;
    },
  });
  const error = report.nodes[0]?.error;
  return { text, error: error && `${error.code} ${error.message}`, hint: error?.hint };
};

test('a plan runs without the program that made it, with what its modules name: ours, and theirs from the project', async () => {
  install('acme', ACME);
  expect(await outputs(planWith('acme-greet', 'acme'))).toEqual({
    text: 'from the plan\nhello world\n',
    error: undefined,
  });
});

test('a config that its extension does not take is refused before it runs', async () => {
  install('acme', ACME);
  const { error } = await outputs(planWith('acme-greet', 'acme', { name: 5 }));
  expect(error).toMatch(/^INVALID_PROPS `acme-greet`: `name`: /);
});

test('a module that is not installed is an error with the command that installs it', async () => {
  for (const [module, install_] of [
    ['acme', 'acme'],
    ['acme/sub/path', 'acme'],
    ['@acme/images/sub', '@acme/images'],
  ] as const) {
    const { error, hint } = await outputs(planWith('acme-greet', module));
    expect(error).toContain(`MODULE_NOT_FOUND the module \`${module}\`, which runs \`acme-greet\`, cannot be loaded`);
    expect(hint).toBe(`install it where the plan runs: npm install ${install_}`);
  }
});

test('a module that is broken says so, and not that it should be installed', async () => {
  install('acme', 'throw new Error("it is Monday");');
  const { error, hint } = await outputs(planWith('acme-greet', 'acme'));
  expect(error).toContain('cannot be loaded: it is Monday');
  expect(hint).not.toContain('npm install');
});

test('a module without the extension says what it lacks', async () => {
  install('acme', ACME);
  expect((await outputs(planWith('acme-wave', 'acme'))).error).toBe(
    'MODULE_NOT_FOUND the module `acme` exports no provisioner `acme-wave`',
  );
});

test('a plan of a fake platform runs with its extensions given', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'Step', 'a');
  const plan = readPlan(writePlan(app.synth()));
  const { step } = jest.requireActual<typeof import('../helpers/extensions')>('../helpers/extensions');
  const report = await run(plan, {
    projectDir: folder,
    extensions: new Map([...fake.extensions, ['provisioner step', step as never]]),
  });
  expect(report.ok).toBe(true);
  expect(fake.imageOf('Web/Fake')?.history).toContain('a');
});

test('a state folder that cannot be made is an error before anything starts', async () => {
  fs.writeFileSync(path.join(folder, 'file'), '');
  const error = await failureOf(
    run(planWith('shell', 'goldsmith', { inline: ['true'] }), { projectDir: folder, stateDir: 'file/state' }),
  );
  expect(error.message).toContain('state folder');
});
