import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image, ShellProvisioner } from '../../lib';
import { SandboxBase, SandboxSource } from '../../lib/platforms/sandbox';
import { openRehearsal } from '../../lib/rehearsal';
import { describeIf } from '../helpers/requires';
import { isRoot } from '../platforms/sandbox/able';

describeIf(isRoot, 'root on Linux is needed for machines', 'a rehearsal of builds', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-rehearse-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  test('builds what has no embedded cloud as it is, and keeps its state and lock file apart', async () => {
    const app = new App('acme', { baseDir: folder, variables: {} });
    const core = new Image(app, 'Core');
    new SandboxSource(core, 'Sandbox', { base: SandboxBase.minimal() });
    new ShellProvisioner(core, 'Hello', { inline: ['echo "$AWS_PROFILE" > /profile'] });

    const report = await app.rehearse({
      env: { PATH: process.env['PATH'], AWS_PROFILE: 'production' },
      rehearsal: { seed: 'one' },
    });

    expect(report).toMatchObject({ ok: true, seed: 'one', created: [], leaked: [], warnings: [] });
    expect(await fs.readdir(path.join(folder, '.goldsmith'))).not.toContain('runs');
    expect(await fs.readdir(folder)).not.toContain('goldsmith.lock.json');

    // Nothing of it counts as built, and what it wrote may be written over.
    const built = await app.build();
    expect(built.nodes).toMatchObject([{ state: 'succeeded' }]);
    expect((await app.rehearse()).ok).toBe(true);
  });

  test('points clients at its clouds, and at no credentials of a person', async () => {
    const rehearsal = await openRehearsal({ machines: false });
    try {
      expect(rehearsal.environment).toMatchObject({
        AWS_ENDPOINT_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        AWS_ACCESS_KEY_ID: 'GOLDSMITHREHEARSAL',
        AWS_EC2_METADATA_DISABLED: 'true',
      });
    } finally {
      await rehearsal.close();
    }
  });

  test('is the only one in its folder', async () => {
    const first = await openRehearsal({ machines: false, stateDir: folder });
    await expect(openRehearsal({ machines: false, stateDir: folder })).rejects.toThrow('another rehearsal runs');
    await first.close();
    await (await openRehearsal({ machines: false, stateDir: folder })).close();
  });

  test('takes a base only by a word that it knows', async () => {
    await expect(openRehearsal({ images: { 'ami-0123456789abcdef0': 'nowhere' } })).rejects.toThrow(
      'says nothing of where it is',
    );
  });
});
