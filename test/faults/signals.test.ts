import { describeIf } from '../helpers/requires';
import { hasEngine, NO_ENGINE } from '../helpers/docker';
import { eachOf } from './helpers/child';
import { commandLine } from './helpers/compiled';
import { Stage } from './helpers/stage';

/** Never ends by itself: the last thing it does is wait. */
const PROGRAM = `
const core = new g.Image(app, 'Core');
new DockerSource(core, 'On', { base, network: 'none' });
new g.ShellProvisioner(core, 'One', { inline: ['echo one >/one'] });
if (env.LONG) new g.ShellProvisioner(core, 'Long', { inline: [env.LONG] });
const web = new g.Image(app, 'Web', { from: core });
new g.ShellProvisioner(web, 'Two', { inline: ['cat /one >/two'] });
new DockerSavePostProcessor(web, 'Save', { path: 'out/web.tar' });
new g.ShellLocalPostProcessor(web, 'Wait', { inline: ['echo waiting; exec sleep 1000'] });
`;

/** Moments in the stream of events. */
const MOMENTS: Readonly<Record<string, RegExp>> = {
  'the run begins': /"type":"run-started"/,
  'a container is being created': /"phase":"creating","kind":"docker:container"/,
  'a machine has been launched': /"type":"step-started","node":"Core\/On","step":"Core\/On\/connect"/,
  'a checkpoint is being made': /"phase":"creating","kind":"docker:image"/,
  'an image is being captured': /"type":"step-started","node":"Core\/On","step":"Core\/On\/capture"/,
  'the next image begins': /"type":"node-started","node":"Web\/On"/,
  'a file is being written': /"phase":"creating","kind":"file"/,
  'a command on this machine runs': /waiting/,
};

describeIf(hasEngine, NO_ENGINE, 'an interrupted build', () => {
  const stage = new Stage();

  test('cleans up and ends with status 130, whenever it is interrupted', async () => {
    const results = await eachOf(Object.entries(MOMENTS), 2, async ([name, pattern]) => {
      const project = stage.project(PROGRAM);
      const build = project.start(['build', '--json']);
      await build.prints(pattern);
      build.kill('SIGINT');
      const { status, stderr, stdout } = await build.ended;
      const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as { type: string; status: string };
      const again = await project.run(['recover']);
      return {
        name,
        status,
        stderr,
        last: [last.type, last.status],
        left: await stage.left(project),
        again: again.stdout,
      };
    });
    for (const result of results) {
      expect(result).toEqual({
        name: result.name,
        status: 130,
        stderr: '\nstopping, and cleaning up; interrupt again to leave at once\n',
        last: ['run-finished', 'cancelled'],
        left: [],
        again: 'no run left anything behind\n',
      });
    }
    process.stdout.write(`${results.length} interrupts, 0 left\n`);
  }, 300_000);

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'stops a step on %s, and goes on from its checkpoint the next time',
    async (signal) => {
      const project = stage.project(PROGRAM);
      const build = project.start(['build', 'Core'], { LONG: 'echo started; exec sleep 1000' });
      await build.prints(/started/);
      build.kill(signal);
      const { status, output } = await build.ended;
      expect(status).toBe(130);
      expect(output).toContain('stopping, and cleaning up; interrupt again to leave at once\n');
      expect(output).toMatch(/interrupted|cancelled/);
      expect(output).not.toMatch(/\n\s+at /);
      expect(await stage.left(project)).toEqual([]);
      const next = await project.run(['build', 'Core/On', '--json'], { LONG: 'echo goes on' });
      expect(next.status).toBe(0);
      expect(next.stdout).toMatch(/"step":"Core\/One","state":"cached"/);
    },
    120_000,
  );

  test('leaves at once when it is interrupted twice, says what is left, and recover deletes it', async () => {
    const project = stage.project(PROGRAM);
    // It does not end by itself when it is asked to, so that cleaning up takes a while.
    const build = project.start(['build', 'Core/On'], {
      LONG: `trap '' TERM; echo started; while :; do sleep 1; done`,
    });
    await build.prints(/started/);
    build.kill('SIGINT');
    await build.prints(/interrupt again to leave at once/);
    const again = setInterval(() => build.kill('SIGINT'), 100);
    const { status, stderr } = await build.ended;
    clearInterval(again);
    expect(status).toBe(130);
    const [container] = await stage.engine.containers(project.app);
    expect(stderr).toContain(
      `left without cleaning up; what is left:\n  docker:container ${container!.Id} of Core/On\n`,
    );
    expect(stderr).toContain('`goldsmith recover`');
    const recover = await project.run(['recover']);
    expect(recover.stdout).toBe(`deleted docker:container ${container!.Id}\n1 run: 1 deleted, 0 left\n`);
    expect(recover.status).toBe(0);
    expect(await stage.left(project)).toEqual([]);
  }, 120_000);

  test('cleans up after one Ctrl-C at a terminal, also where npx sends it a second time', async () => {
    const project = stage.project(PROGRAM);
    const npx = `npx --no-install --offline node ${commandLine()} build Core/On`;
    const build = project.terminal(npx, { LONG: 'echo started; exec sleep 1000' });
    await build.prints(/started/);
    build.types('\x03');
    const { output } = await build.ended;
    expect(output).toMatch(/stopping, and cleaning up/);
    expect(output).not.toMatch(/left without cleaning up/);
    expect(await stage.left(project)).toEqual([]);
  }, 120_000);

  test('cleans up where ts-node runs the program', async () => {
    const project = stage.project('');
    const register = require.resolve('ts-node/register/transpile-only');
    project.write('tsconfig.json', '{ "compilerOptions": { "module": "CommonJS", "moduleResolution": "Node10" } }');
    project.write(
      'images.ts',
      [
        `import { App, Image, ShellProvisioner } from 'goldsmith';`,
        `import { DockerSource } from 'goldsmith/docker';`,
        `const core = new Image(new App('${project.app}'), 'Core');`,
        `new DockerSource(core, 'On', { base: '${stage.image}', network: 'none' });`,
        `new ShellProvisioner(core, 'Long', { inline: ["echo started; exec sleep 1000"] });`,
        `(core.node.root as App).run();`,
      ].join('\n'),
    );
    const build = project.node(['-r', register, 'images.ts']);
    await build.prints(/started/);
    build.kill('SIGINT');
    expect((await build.ended).status).toBe(130);
    expect(await stage.left(project)).toEqual([]);
  }, 120_000);
});
