import * as fs from 'node:fs';
import { describeIf } from '../helpers/requires';
import { hasEngine, hasPrograms, NO_ENGINE } from '../helpers/docker';
import { Registry } from '../platforms/docker/registry';
import type { Ended } from './helpers/child';
import type { Project } from './helpers/project';
import { Stage } from './helpers/stage';

/** A program of one image with these lines in it. The line of the program with `// here` is the one that an error must name. */
const image = (...lines: string[]): string =>
  [`const core = new g.Image(app, 'Core');`, `new DockerSource(core, 'On', { base, network: 'none' });`, ...lines].join(
    '\n',
  );

/** What holds for every message. */
function expectMessage({ status, output }: Ended, wanted: number, ...parts: (string | RegExp)[]): void {
  for (const part of parts) {
    if (typeof part === 'string') expect(output).toContain(part);
    else expect(output).toMatch(part);
  }
  expect(output).toMatch(/hint: \S|it takes/);
  // No stack trace, and nothing that is only of use to whoever wrote goldsmith.
  expect(output).not.toMatch(/^\s+at .*[(:/]\S+:\d+:\d+\)?$/m);
  expect(output).not.toMatch(/not expected|INTERNAL|node:internal|\[object|undefined/);
  expect(status).toBe(wanted);
}

describe('a wrong command line', () => {
  const stage = new Stage(false);
  const program = `const core = new g.Image(app, 'Core');\nnew NullSource(core, 'On');\nnew g.ShellProvisioner(core, 'Step', { inline: ['true'] });`;
  let project: Project;
  beforeEach(() => {
    project = stage.project(program);
  });

  test.each([
    [['biuld'], 2, /BAD_USAGE|UNKNOWN_SELECTOR/, /build/],
    [['build', '--forse'], 2, 'error[BAD_USAGE]: unknown option', '--force'],
    [['build', '--parallel', 'many'], 2, 'error[BAD_USAGE]: --parallel is "many"', 'whole number'],
    [['build', '--on-error', 'shrug'], 2, 'error[BAD_USAGE]', 'cleanup, keep, ask'],
    [['build', '--pool', 'docker'], 2, '--pool is "docker"; it takes name=number'],
    [['build', 'Cort/*'], 2, 'error[UNKNOWN_SELECTOR]: the selector `Cort/*` matches nothing', 'Core'],
    [['build', '--var', 'reales=1'], 2, 'UNKNOWN_VARIABLE', 'reales'],
    [['build', '--var-file', 'nothing.json'], 2, 'nothing.json'],
    [['build', 'nothing.json'], 2, 'nothing.json'],
    [['recover', 'no-such-run'], 2, 'error[NOT_FOUND]: there is no run `no-such-run`', 'runs are: none'],
    [['report', 'no-such-run'], 2, 'error[NOT_FOUND]'],
    [['graph', '--format', 'svg'], 2, 'mermaid, dot'],
    [['list', '--app', 'elsewhere.ts'], 2, 'elsewhere.ts'],
  ] as [string[], number, ...(string | RegExp)[]][])(
    'is answered: %j',
    async (args: readonly string[], status: number, ...parts: (string | RegExp)[]) => {
      expectMessage(await project.run(args), status, ...parts);
    },
  );

  test('in a folder without a program says what to do', async () => {
    fs.rmSync(project.file('images.js'));
    expectMessage(await project.run(['build']), 2, `there is no images.ts in ${project.dir}`, 'goldsmith init');
  });
});

describe('a wrong plan.json', () => {
  const stage = new Stage(false);

  async function planned(change: (plan: Record<string, unknown>) => unknown): Promise<Project> {
    const project = stage.project(
      `const core = new g.Image(app, 'Core');\nnew NullSource(core, 'On');\nnew g.ShellProvisioner(core, 'Step', { inline: ['true'] });`,
    );
    await project.run(['synth']);
    const file = project.file('goldsmith.out/plan.json');
    const changed = change(JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>);
    fs.writeFileSync(file, typeof changed === 'string' ? changed : JSON.stringify(changed));
    return project;
  }

  test.each([
    ['cut off', () => '{"schema": "1.0", "app', 'error[INVALID_PLAN]: goldsmith.out/plan.json is no JSON'],
    ['of another kind', () => ({ hello: 1 }), 'error[INVALID_PLAN]: goldsmith.out/plan.json is no plan'],
    [
      'newer',
      (plan: object) => ({ ...plan, schema: '9.0' }),
      'error[PLAN_VERSION]: goldsmith.out/plan.json has plan version 9.0; this goldsmith reads 1.0',
    ],
    ['older', (plan: object) => ({ ...plan, schema: '0.3' }), 'error[PLAN_VERSION]', 'goldsmith synth'],
    ['without its nodes', (plan: object) => ({ ...plan, nodes: 7 }), 'error[INVALID_PLAN]', 'nodes'],
    [
      'with a module that is not installed',
      (plan: { modules: object }) => ({ ...plan, modules: { ...plan.modules, shell: '@acme/goldsmith-shells' } }),
      'error[MODULE_NOT_FOUND]: the module `@acme/goldsmith-shells`, which runs `shell`',
      'npm install @acme/goldsmith-shells',
    ],
    [
      'with a module that lacks the extension',
      (plan: { modules: object }) => ({ ...plan, modules: { ...plan.modules, shell: 'goldsmith/null' } }),
      'error[MODULE_NOT_FOUND]: the module `goldsmith/null` exports no provisioner `shell`',
    ],
  ] as [string, (plan: object) => unknown, ...string[]][])('that is %s', async (what, change, ...parts) => {
    const project = await planned(change);
    const ended = await project.run(['build', 'goldsmith.out/plan.json']);
    expectMessage(ended, what.includes('module') ? 1 : 2, ...parts);
  });
});

const LINE = (text: string): string =>
  `images.js:${text.split('\n').findIndex((line) => line.includes('// here')) + 7}`;

describeIf(hasEngine, NO_ENGINE, 'a Docker build', () => {
  const stage = new Stage();

  test('without an engine says which socket it tried, and that doctor knows more', async () => {
    const project = stage.project(image());
    const ended = await project.run(['build'], { DOCKER_HOST: `unix://${project.dir}/none.sock` });
    expectMessage(
      ended,
      1,
      `no Docker Engine answers at unix://${project.dir}/none.sock (DOCKER_HOST): there is no such socket`,
      'goldsmith doctor',
    );
    const doctor = await project.run(['doctor'], { DOCKER_HOST: `unix://${project.dir}/none.sock` });
    expect(doctor.output).toContain(`unix://${project.dir}/none.sock`);
  });

  test('with a script that is not there names prop, path and line', async () => {
    const program = image(`new g.ShellProvisioner(core, 'Step', { script: 'scripts/instal.sh' }); // here`);
    const ended = await stage.project(program).run(['build']);
    expectMessage(ended, 2, 'error[MISSING_ASSET]', '`script`', 'scripts/instal.sh', 'Core/Step', LINE(program));
  });

  test('with a step that fails names exit status, last lines, path and line', async () => {
    const program = image(`new g.ShellProvisioner(core, 'Step', { inline: ['echo nearly; nonsense --now'] }); // here`);
    const ended = await stage.project(program).run(['build']);
    const { output, status } = ended;
    expect(output).toMatch(/error\[STEP_FAILED\]: .*exit status 127/);
    expect(output).toContain('nonsense: not found');
    expect(output).toContain(`at Core/Step (${LINE(program)})`);
    expect(status).toBe(1);
  });

  test('with an output file in the way leaves it as it is', async () => {
    const program = image(`new DockerSavePostProcessor(core, 'Save', { path: 'precious.tar' }); // here`);
    const project = stage.project(program);
    project.write('precious.tar', 'not yours');
    expectMessage(
      await project.run(['build']),
      1,
      'error[OUTPUT_EXISTS]',
      '`precious.tar` is there already, and goldsmith did not make it',
      '--force',
      LINE(program),
    );
    expect(fs.readFileSync(project.file('precious.tar'), 'utf8')).toBe('not yours');
    expect((await project.run(['build', '--force'])).status).toBe(0);
    expect(fs.statSync(project.file('precious.tar')).size).toBeGreaterThan(10_000);
  });

  test('with --locked and no entry in the lock file says how to make one', async () => {
    const project = stage.project(image());
    expectMessage(
      await project.run(['build', '--locked']),
      1,
      'error[LOCKED]',
      'goldsmith.lock.json',
      'goldsmith update',
    );
  });

  test('with a base that is on no registry says what was tried', async () => {
    const program = `const core = new g.Image(app, 'Core');\nnew DockerSource(core, 'On', { base: '127.0.0.1:1/no/such:thing' }); // here`;
    expectMessage(
      await stage.project(program).run(['build']),
      1,
      '127.0.0.1:1/no/such:thing',
      'could not be pulled',
      LINE(program),
    );
  });

  test('with a damaged lock file says which, and what to do', async () => {
    const project = stage.project(image());
    project.write('goldsmith.lock.json', '{"version": 1, "look');
    expectMessage(await project.run(['build']), 1, 'error[STATE_DAMAGED]', 'goldsmith.lock.json', 'version control');
  });
});

const canLogin = hasPrograms('docker-registry', 'htpasswd');

describeIf(
  hasEngine && canLogin,
  hasEngine ? 'it needs docker-registry and htpasswd' : NO_ENGINE,
  'a registry that',
  () => {
    const stage = new Stage();
    let closed: Registry;
    let open: Registry;
    beforeAll(async () => {
      closed = await Registry.start({ username: 'tester', password: 'right' });
      open = await Registry.start();
    }, 60_000);
    afterAll(async () => {
      await closed.stop();
      await open.stop();
    });

    test('denies the pull is named, with what to do', async () => {
      const program = `const core = new g.Image(app, 'Core');\nnew DockerSource(core, 'On', { base: '${closed.host}/private:1' }); // here`;
      expectMessage(
        await stage.project(program).run(['build']),
        1,
        'error[ACCESS_DENIED]',
        `${closed.host}/private:1`,
        `docker login ${closed.host}`,
        LINE(program),
      );
    });

    test('has no such image is named', async () => {
      const program = `const core = new g.Image(app, 'Core');\nnew DockerSource(core, 'On', { base: '${open.host}/missing:1' }); // here`;
      expectMessage(
        await stage.project(program).run(['build']),
        1,
        `${open.host}/missing:1`,
        'could not be pulled',
        LINE(program),
      );
    });
  },
);
