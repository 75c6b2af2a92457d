import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeIf } from '../helpers/requires';
import { hasEngine, NO_ENGINE } from '../helpers/docker';
import { Base } from '../platforms/docker/fixture';
import { eachOf } from './helpers/child';
import { canRunDockerd, Dockerd, NO_DOCKERD } from './helpers/dockerd';
import { EngineView } from './helpers/engine-api';
import { leftovers } from './helpers/leftovers';
import { canMount, NO_MOUNTS, readOnly, SmallDisk } from './helpers/mounts';
import { Project } from './helpers/project';
import { programText, Stage } from './helpers/stage';

const PROGRAM = `
const core = new g.Image(app, 'Core');
new DockerSource(core, 'On', { base, network: 'none' });
new g.ShellProvisioner(core, 'One', { inline: ['echo one >/one'] });
const web = new g.Image(app, 'Web', { from: core });
new g.ShellProvisioner(web, 'Two', { inline: ['cat /one >/two'] });
new DockerSavePostProcessor(web, 'Save', { path: 'out/web.tar' });
new g.ManifestPostProcessor(web, 'Manifest', { output: 'manifest.json' });
`;

const FRAMES = /\n\s+at .*[(:]\d+:\d+/;
const CASES = 8;

describeIf(hasEngine && canMount, hasEngine ? NO_MOUNTS : NO_ENGINE, 'a build whose disk', () => {
  const stage = new Stage();

  test('has no space left for its state, from the first block to the last, says so, loses nothing, and goes on later', async () => {
    const needed = await blocksNeeded();
    const cases = Array.from({ length: CASES }, (_, index) => Math.floor((index * needed) / CASES));
    const verdicts = await eachOf(cases, 2, async (blocks) => {
      const project = stage.project(PROGRAM);
      const disk = SmallDisk.mount(project.file('.goldsmith'), '1m');
      try {
        disk.fillBut(blocks);
        const full = await project.run(['build']);
        disk.free();
        const recovered = await project.run(['recover']);
        const left = await stage.left(project);
        const next = await project.run(['build']);
        const statuses = { full: full.status, recovered: recovered.status, next: next.status };
        const said = /error\[NO_SPACE\].*no space is left/.test(full.output);
        return { blocks, statuses, said, frames: FRAMES.test(full.output), left, after: await stage.left(project) };
      } finally {
        disk.unmount();
      }
    });
    for (const verdict of verdicts) {
      // What is only for the report may have been what had no space.
      const full = verdict.said ? 1 : 0;
      const statuses = { full, recovered: 0, next: 0 };
      expect(verdict).toEqual({ ...verdict, statuses, frames: false, left: [], after: [] });
    }
    const said = verdicts.filter((verdict) => verdict.said).length;
    process.stdout.write(`${verdicts.length} full disks, ${said} said so, 0 left\n`);
    expect(said).toBeGreaterThan(CASES / 2);
  }, 300_000);

  async function blocksNeeded(): Promise<number> {
    const project = stage.project(PROGRAM);
    const disk = SmallDisk.mount(project.file('.goldsmith'), '1m');
    try {
      const before = disk.blocks;
      await project.run(['build', '--no-report']);
      return before - disk.blocks;
    } finally {
      disk.unmount();
    }
  }

  test('has no space left for an output names it, and deletes the half of it', async () => {
    const project = stage.project(PROGRAM);
    const disk = SmallDisk.mount(project.file('out'), '1m');
    try {
      const full = await project.run(['build']);
      expect(full.output).toMatch(/error\[NO_SPACE\]: .*no space is left while writing out\/web.tar/);
      expect(full.status).toBe(1);
      expect(fs.readdirSync(project.file('out'))).toEqual([]);
    } finally {
      disk.unmount();
    }
    expect((await project.run(['build'])).status).toBe(0);
    expect(await stage.left(project)).toEqual([]);
  }, 120_000);

  test('cannot be written says so before anything is created', async () => {
    const project = stage.project(PROGRAM);
    const release = readOnly(project.dir);
    try {
      for (const args of [['build'], ['synth'], ['build', '--state', `${project.dir}/elsewhere`]]) {
        const { status, output } = await project.run(args);
        expect(output).toMatch(
          /error\[READ_ONLY\]: writing is not allowed while writing the plan to goldsmith.out \(.*\)\n.*hint: make the folder writable/,
        );
        expect(output).not.toMatch(FRAMES);
        expect(status).toBe(1);
      }
      expect((await project.run(['list'])).status).toBe(0);
    } finally {
      release();
    }
    expect(await stage.engine.containers(project.app)).toEqual([]);
  }, 120_000);

  test('takes no state says so', async () => {
    const project = stage.project(PROGRAM);
    fs.mkdirSync(project.file('.goldsmith'));
    const release = readOnly(project.file('.goldsmith'));
    try {
      const { status, output } = await project.run(['build']);
      expect(output).toMatch(/error\[READ_ONLY\]: writing is not allowed while making the state folder .*--state DIR/s);
      expect(output).not.toMatch(FRAMES);
      expect(status).toBe(1);
    } finally {
      release();
    }
  }, 120_000);
});

describeIf(canRunDockerd, NO_DOCKERD, 'a build whose Docker Engine has no space left', () => {
  let engine: Dockerd;
  let disk: SmallDisk;
  let base: Base;
  const dir = fs.mkdtempSync(path.join(fs.realpathSync('/tmp'), 'gs-data-'));
  beforeAll(async () => {
    disk = SmallDisk.mount(dir, '96m');
    engine = await Dockerd.start(dir);
    process.env['DOCKER_HOST'] = engine.env.DOCKER_HOST;
    base = await Base.make();
  }, 120_000);
  afterAll(async () => {
    await base?.remove();
    await engine?.remove();
    disk?.unmount();
    fs.rmSync(dir, { recursive: true, force: true });
    delete process.env['DOCKER_HOST'];
  }, 120_000);

  test.each([
    ['in a step', 120, /dd: .*No space left on device/],
    [
      'when it makes the image',
      60,
      /error\[NO_SPACE\]: .*the Docker Engine has no space left.*\n.*\n.*hint: free space/,
    ],
  ])(
    'says so %s, and cleans up',
    async (_where, megabytes, message) => {
      const view = new EngineView(engine.socket);
      const project = new Project();
      try {
        const step = `new g.ShellProvisioner(core, 'Big', { inline: ['dd if=/dev/urandom of=/big bs=1000000 count=${megabytes}'] });`;
        project.write(
          'images.js',
          programText(project.app, base.name, PROGRAM.replace(/^const web/m, `${step}\nconst web`)),
        );
        const { status, output } = await project.run(['build']);
        expect(output).toMatch(message);
        expect(output).not.toMatch(FRAMES);
        expect(status).toBe(1);
        expect(await leftovers(project, undefined, view)).toEqual([]);
      } finally {
        await view.purge(project.app);
        project.remove();
      }
    },
    120_000,
  );
});
