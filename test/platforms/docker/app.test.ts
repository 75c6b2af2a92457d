import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image, ShellProvisioner, Verification } from '../../../lib';
import { DockerImportPostProcessor, DockerSource } from '../../../lib/platforms/docker';
import { describeIf } from '../../helpers/requires';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base } from './fixture';

describeIf(hasEngine, NO_ENGINE, 'a program with Docker sources', () => {
  let base: Base;
  let dir: string;
  const name = `goldsmith-test/app-${Date.now()}`;
  beforeAll(async () => {
    base = await Base.make();
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-docker-app-'));
    fs.mkdirSync(path.join(dir, 'docker'));
    fs.writeFileSync(
      path.join(dir, 'docker/Dockerfile'),
      `FROM ${base.name}\nCOPY . /app\nCMD ["sh", "-c", "cat /app/text"]\n`,
    );
    fs.writeFileSync(path.join(dir, 'docker/text'), 'from the Dockerfile\n');
  });
  afterAll(async () => {
    await base.engine.removeImage(`${name}:flat`, true).catch(() => undefined);
    await base.remove();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  function program(greeting: string): App {
    const app = new App('docker-app', { baseDir: dir });
    const core = new Image(app, 'Core');
    new DockerSource(core, 'Docker', { build: { path: 'docker/Dockerfile' }, network: 'none' });
    new ShellProvisioner(core, 'Greet', { inline: [`echo ${greeting} >/greeting`] });
    const web = new Image(app, 'Web', {
      from: core,
      sources: { Docker: { tags: [`${name}:1`], changes: ['ENV WEB=1'] } },
    });
    new ShellProvisioner(web, 'More', { inline: ['cat /greeting /app/text >/both'] });
    new Verification(web, 'Works', { commands: [{ command: 'cat /both', stdout: greeting }, 'test "$WEB" = 1'] });
    const flat = new Image(app, 'Flat');
    new DockerSource(flat, 'Docker', { base: base.name, network: 'none', exportPath: 'out/flat.tar' });
    new DockerImportPostProcessor(flat, 'Import', { repository: name, tag: 'flat' });
    return app;
  }

  test('builds from a Dockerfile, image on image, verified; and then nothing twice', async () => {
    const env = process.env;
    const first = await program('hello').build({ env });
    expect(first.nodes.map(({ id, state, error }) => `${id} ${state} ${error?.message ?? ''}`.trim())).toEqual([
      'Core/Docker succeeded',
      'Web/Docker succeeded',
      'Web/Works/Docker succeeded',
      'Flat/Docker succeeded',
      'Flat/Import/Docker succeeded',
    ]);
    const image = await base.engine.image(`${name}:1`);
    expect(image.Config).toMatchObject({
      Cmd: ['sh', '-c', 'cat /app/text'],
      Env: expect.arrayContaining(['WEB=1']) as string[],
    });
    expect((await base.engine.image(`${name}:flat`)).Config!.Labels).toMatchObject({
      'dev.goldsmith.node': 'Flat/Import/Docker',
    });

    const second = await program('hello').build({ env });
    expect(second.nodes.map(({ state }) => state)).toEqual(Array(5).fill('cached'));

    const third = await program('goodbye').build({ env });
    expect(third.nodes.filter(({ state }) => state === 'cached').map(({ id }) => id)).toEqual([
      'Flat/Docker',
      'Flat/Import/Docker',
    ]);
    expect(third.ok).toBe(true);

    fs.writeFileSync(path.join(dir, 'docker/text'), 'changed\n');
    const fourth = await program('goodbye').build({ env, select: ['Core/*'] });
    expect(fourth.nodes.find(({ id }) => id === 'Core/Docker')!.state).toBe('succeeded');
  }, 120_000);
});
