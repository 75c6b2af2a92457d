import { describeIf } from '../helpers/requires';
import { Base } from '../platforms/docker/fixture';
import { canRunDockerd, Dockerd, NO_DOCKERD } from './helpers/dockerd';
import { EngineView } from './helpers/engine-api';
import { leftovers } from './helpers/leftovers';
import { Project } from './helpers/project';
import { programText } from './helpers/stage';

const PROGRAM = `
const core = new g.Image(app, 'Core');
new DockerSource(core, 'On', { base, network: 'none' });
new g.ShellProvisioner(core, 'One', { inline: ['echo one >/one'] });
new g.ShellProvisioner(core, 'Long', { inline: [env.LONG || 'true'] });
new DockerSavePostProcessor(core, 'Save', { path: 'out/core.tar' });
`;

/** When the engine dies, in the stream of events. */
const MOMENTS: Readonly<Record<string, RegExp>> = {
  'a container is being created': /"phase":"creating","kind":"docker:container"/,
  'a command runs': /started/,
  'a checkpoint is being made': /"phase":"creating","kind":"docker:image"/,
  'an image is being captured': /"step":"Core\/On\/capture"/,
  'an image is being saved': /"phase":"creating","kind":"file"/,
};

describeIf(canRunDockerd, NO_DOCKERD, 'a build whose Docker Engine stops', () => {
  let engine: Dockerd;
  let base: Base;
  beforeAll(async () => {
    engine = await Dockerd.start();
    process.env['DOCKER_HOST'] = engine.env.DOCKER_HOST;
    base = await Base.make();
  }, 120_000);
  afterAll(async () => {
    await base?.remove();
    await engine?.remove();
  }, 120_000);

  test.each(Object.entries(MOMENTS))(
    'says so and ends, and recover cleans up when it is back: %s',
    async (_name, pattern) => {
      const project = new Project();
      project.write('images.js', programText(project.app, base.name, PROGRAM));
      const long = pattern.source === 'started' ? 'echo started; exec sleep 1000' : 'true';
      const build = project.start(['build', '--json'], { LONG: long });
      await build.prints(pattern);
      await engine.crash();
      const { status, output } = await build.ended;
      const error = /"type":"node-finished".*"state":"failed".*"message":"([^"]*)"/.exec(output)?.[1];
      const plain = await project.run(['build']);
      await engine.start();
      const view = new EngineView(engine.socket);
      const recovered = await project.run(['recover']);
      const left = await leftovers(project, undefined, view);
      const next = await project.run(['build']);
      const after = await leftovers(project, undefined, view);
      await view.purge(project.app);
      project.remove();

      expect({ status, error }).toEqual({
        status: expect.any(Number),
        error: expect.stringMatching(/no Docker Engine answers at unix:\/\/\S+docker.sock|lost|broke off/),
      });
      expect(output).not.toMatch(/\n\s+at /);
      expect(plain.output).toMatch(/no Docker Engine answers at unix:[^]*hint: start Docker[^]*goldsmith doctor/);
      expect(plain.status).toBe(1);
      expect({ status: recovered.status, left, after }).toEqual({ status: 0, left: [], after: [] });
      expect(next.status).toBe(0);
    },
    180_000,
  );
});
