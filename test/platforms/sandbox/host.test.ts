import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact, LaunchFrom } from '../../../lib/extension';
import { describeIf } from '../../helpers/requires';
import { isRoot, run } from './able';
import { Project } from './builder';

const HOST: LaunchFrom = { kind: 'base', base: { kind: 'host' } };

/** What the steps below touch, and what they would touch if the sandbox leaked: content, mode, owner and times of change. */
function stateOf(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const names = fs.statSync(folder).isDirectory() ? fs.readdirSync(folder).sort() : [''];
    for (const name of names) {
      const file = path.join(folder, name);
      const { mode, uid, gid, size, mtimeMs, ctimeMs } = fs.lstatSync(file);
      hash.update(JSON.stringify([file, mode, uid, gid, size, mtimeMs, ctimeMs]));
    }
  }
  return hash.digest('hex');
}

function contentOf(files: readonly string[]): string[] {
  return files.map((file) => createHash('sha256').update(fs.readFileSync(file)).digest('hex'));
}

describeIf(isRoot, 'it needs Linux and root', 'the root of this machine as a base', () => {
  const folders = ['/etc', '/usr/bin', '/usr/sbin', '/usr/lib', '/var', '/opt', '/etc/passwd'];
  const files = [
    '/etc/passwd',
    '/etc/group',
    '/usr/bin/env',
    '/bin/sh',
    ...(fs.existsSync('/var/lib/dpkg/status') ? ['/var/lib/dpkg/status'] : []),
  ];
  const STEPS = [
    'echo "mary:x:4242:4242::/:/bin/sh" >> /etc/passwd; rm /usr/bin/env; mkdir /opt/sandboxed; echo new > /opt/sandboxed/file',
    'chmod 600 /etc/group; mv /usr/sbin/nologin /usr/sbin/nologin-moved || :; [ ! -e /var/lib/dpkg/status ] || echo broken > /var/lib/dpkg/status; rm -rf /usr/share/doc',
  ];
  let project: Project;
  beforeAll(async () => (project = await Project.make()));
  afterAll(() => project.remove());

  test('stays as it is, whatever provisioning does', async () => {
    const before = [fs.readdirSync('/'), stateOf(folders), ...contentOf(files)];
    const sandbox = await project.launch(HOST);
    for (const step of STEPS) await sandbox.ok(step);
    expect(
      await sandbox.ok('ls /usr/bin/env 2>/dev/null || echo gone; grep -c mary /etc/passwd; cat /opt/sandboxed/file'),
    ).toBe('gone\n1\nnew\n');
    expect(await sandbox.ok(`ls -A ${project.dir}/.goldsmith 2>/dev/null || :`)).toBe('');
    await sandbox.destroy();
    expect([fs.readdirSync('/'), stateOf(folders), ...contentOf(files)]).toEqual(before);
    expect(fs.existsSync('/opt/sandboxed')).toBe(false);
  });

  test.each(['oci-archive', 'rootfs-tar', 'directory'] as const)(
    'gives the difference alone as %s, which can be started again',
    async (format) => {
      const artifact = await project.build(HOST, { format, output: `difference-${format}` }, STEPS, true);
      expect(artifact.outputs['base']).toBe('host');
      if (format === 'rootfs-tar') {
        const names = run('tar', '-tf', path.join(project.dir, String(artifact.outputs['path'])))
          .trim()
          .split('\n');
        expect(names).toEqual(
          expect.arrayContaining(['etc/passwd', 'opt/sandboxed/file', 'usr/bin/.wh.env', 'usr/share/.wh.doc']),
        );
        expect(names.length).toBeLessThan(40);
      }
      const again = await project.launch({ kind: 'artifact', artifact } as { kind: 'artifact'; artifact: Artifact });
      expect(
        await again.ok(
          'ls /usr/bin/env 2>/dev/null || echo gone; grep -c mary /etc/passwd; cat /opt/sandboxed/file; stat -c %a /etc/group',
        ),
      ).toBe('gone\n1\nnew\n600\n');
      expect(fs.existsSync('/usr/bin/env')).toBe(true);
      await again.destroy();
    },
  );
});
