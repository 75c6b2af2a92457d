import * as fs from 'node:fs';
import { describeIf } from '../helpers/requires';
import { hasEngine, NO_ENGINE } from '../helpers/docker';
import type { Project } from './helpers/project';
import { Stage } from './helpers/stage';

/** The build waits in its second step until there is a file `gate`. */
const PROGRAM = `
const core = new g.Image(app, 'Core');
new DockerSource(core, 'On', { base, network: 'none' });
new g.ShellProvisioner(core, 'One', { inline: ['echo one >/one'] });
new g.ShellLocalProvisioner(core, 'Gate', { inline: ['echo at the gate; until [ -e gate ]; do sleep 0.1; done'] });
new DockerSavePostProcessor(core, 'Save', { path: 'out/core.tar' });
new g.ManifestPostProcessor(core, 'Manifest', { output: 'manifest.json' });
`;

describeIf(hasEngine, NO_ENGINE, 'two runs at once in one project', () => {
  const stage = new Stage();

  test('both succeed: one builds, the other waits and takes it from the cache', async () => {
    const project = stage.project(PROGRAM);
    const first = project.start(['build']);
    await first.prints(/at the gate/);
    const second = project.start(['build']);
    await second.prints(/waits for another run \(process \d+\) that builds the same/);
    open(project);
    const ended = await Promise.all([first.ended, second.ended]);
    expect(ended.map(({ status }) => status)).toEqual([0, 0]);
    expect(ended[0].output).toMatch(/Core\/On: done/);
    expect(ended[1].output).toMatch(/Core\/On: (from the )?cache/);
    const manifest = JSON.parse(fs.readFileSync(project.file('manifest.json'), 'utf8')) as {
      builds: { packer_run_uuid: string }[];
    };
    // The entry of the run that only took it from the cache has taken the place of the first.
    expect(manifest.builds).toHaveLength(1);
    expect(project.runs()).toContain(manifest.builds[0]!.packer_run_uuid);
    fs.rmSync(project.file('gate'));
    expect(await stage.left(project)).toEqual([]);
    expect(await stage.engine.images(project.app)).toHaveLength(3);
  }, 120_000);

  test('the second goes on by itself when the first is killed, and nothing is left', async () => {
    const project = stage.project(PROGRAM);
    const first = project.start(['build']);
    await first.prints(/at the gate/);
    const second = project.start(['build']);
    await second.prints(/waits for another run/);
    first.kill('SIGKILL');
    await first.ended;
    await second.prints(/at the gate/);
    open(project);
    const { status, output } = await second.ended;
    expect({ status, output: output.match(/One.*/)?.[0] }).toEqual({
      status: 0,
      output: expect.stringMatching(/cache/),
    });
    await project.run(['recover']);
    fs.rmSync(project.file('gate'));
    expect(await stage.left(project)).toEqual([]);
  }, 120_000);

  test('the first is not disturbed when the second is killed or interrupted while it waits', async () => {
    const project = stage.project(PROGRAM);
    const first = project.start(['build']);
    await first.prints(/at the gate/);
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const second = project.start(['build']);
      await second.prints(/waits for another run/);
      second.kill(signal);
      expect((await second.ended).status).toBe(signal === 'SIGINT' ? 130 : null);
    }
    expect((await project.run(['recover'])).output).toMatch(/1 run: 0 deleted, 0 left/);
    open(project);
    expect((await first.ended).status).toBe(0);
    fs.rmSync(project.file('gate'));
    expect(await stage.left(project)).toEqual([]);
  }, 120_000);

  test('four that start together do not get into each other’s way', async () => {
    const project = stage.project(PROGRAM.replace('; until [ -e gate ]; do sleep 0.1; done', ''));
    const runs = await Promise.all([1, 2, 3, 4].map(() => project.run(['build'])));
    expect(runs.map(({ status, output }) => (status === 0 ? 0 : output))).toEqual([0, 0, 0, 0]);
    expect(await stage.left(project)).toEqual([]);
    expect(await stage.engine.images(project.app)).toHaveLength(3);
  }, 120_000);

  /** Lets whoever waits at the gate go on, and everybody after. */
  function open(project: Project): void {
    fs.writeFileSync(project.file('gate'), '');
  }
});
