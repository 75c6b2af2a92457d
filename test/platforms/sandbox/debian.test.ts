import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { describeIf } from '../../helpers/requires';
import { has, isRoot } from './able';
import { Project } from './builder';

/** Made once a day for all runs of the tests on this machine: it takes its time. */
function debian(): string {
  const file = path.join(os.tmpdir(), 'goldsmith-test-debian.tar');
  const age = fs.existsSync(file) ? Date.now() - fs.statSync(file).mtimeMs : Infinity;
  const temporary = file.replace('.tar', `-${process.pid}.tar`);
  if (age > 24 * 3_600_000) {
    execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', 'bookworm', temporary], { stdio: 'ignore' });
    fs.renameSync(temporary, file);
  }
  return file;
}

/** Whether packages can be fetched: asks the mirror once for a small file. */
function online(): boolean {
  const target = path.join(os.tmpdir(), `goldsmith-test-online-${process.pid}`);
  const url = 'http://deb.debian.org/debian/dists/bookworm/Release.gpg';
  const { status } = spawnSync('/usr/lib/apt/apt-helper', ['download-file', url, target], {
    stdio: 'ignore',
    timeout: 30_000,
  });
  fs.rmSync(target, { force: true });
  return status === 0;
}

describeIf(
  isRoot && has('mmdebstrap') && online(),
  'it needs root, mmdebstrap and a Debian mirror',
  'Debian in a sandbox',
  () => {
    let project: Project;
    beforeAll(async () => (project = await Project.make()));
    afterAll(() => project.remove());

    test('installs and removes packages, and is captured with them', async () => {
      const local = { archive: debian(), rootfs: true };
      const sandbox = await project.launch({ kind: 'base', base: undefined }, { local });
      await sandbox.ok(
        'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends hello cron',
      );
      expect(
        await sandbox.ok('hello -g installed; getent group crontab | cut -d: -f1; stat -c %G /usr/bin/crontab'),
      ).toBe('installed\ncrontab\ncrontab\n');
      await sandbox.ok(
        'DEBIAN_FRONTEND=noninteractive apt-get -q purge -y cron && apt-get clean && rm -rf /var/lib/apt/lists/*',
      );
      const artifact = await sandbox.capture();
      await sandbox.destroy();
      const again = await project.launch({ kind: 'artifact', artifact });
      expect(await again.ok('dpkg -s hello | grep Status; hello -g again; ls /var/lib/apt/lists')).toBe(
        'Status: install ok installed\nagain\n',
      );
      expect((await again.run('dpkg -s cron')).out).not.toContain('ok installed');
      await again.destroy();
    }, 300_000);

    test('is made by mmdebstrap, from a state of the archive that is pinned', async () => {
      const query = { kind: 'debian', suite: 'bookworm', variant: 'essential', packages: [] };
      const found = (await project.driver.lookup!(query, {}, project.ctx)) as { release: string; date: number };
      expect(found).toMatchObject({
        ...query,
        release: expect.stringMatching(/^[0-9a-f]{64}$/),
        date: expect.any(Number),
      });
      const sandbox = await project.launch({ kind: 'base', base: found });
      expect(await sandbox.ok('. /etc/os-release; echo $VERSION_CODENAME')).toBe('bookworm\n');
      await sandbox.destroy();
      await expect(project.driver.lookup!({ ...query, suite: 'no-such-suite' }, {}, project.ctx)).rejects.toMatchObject(
        { code: 'LOOKUP_FAILED' },
      );
    }, 300_000);
  },
);
