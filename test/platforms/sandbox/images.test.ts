import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact, LaunchFrom } from '../../../lib/extension';
import { describeIf, testIf } from '../../helpers/requires';
import { hasDocker, has, isRoot, run } from './able';
import { MINIMAL, Project } from './builder';

const STEPS = [
  'printf "#!/bin/sh\\necho hello from \\$(cat /etc/place)\\n" > /usr/bin/hello; chmod 755 /usr/bin/hello',
  'echo goldsmith > /etc/place; rm /etc/os-release; ln /usr/bin/hello /usr/bin/hello-again; ln -s hello /usr/bin/hallo',
  'mkdir -p /srv/www /srv/data; chown 33:44 /srv/www; chmod 2775 /srv/www; echo "\u00fc" > "/srv/\u00fcml\u00e4ut"; rmdir /srv/data',
];
const CHANGES = ['CMD ["hello"]', 'ENV PLACE=here', 'LABEL by=test', 'EXPOSE 80', 'WORKDIR /srv'];

/** What an archive's manifest and configuration say. */
function contentOf(archive: string): { layers: { digest: string }[]; run: Record<string, unknown> } {
  const read = (name: string): unknown => JSON.parse(run('tar', '-xOf', archive, name));
  const blob = (digest: string): unknown => read(`blobs/sha256/${digest.slice(7)}`);
  const index = read('index.json') as { manifests: { digest: string }[] };
  const manifest = blob(index.manifests[0]!.digest) as { layers: { digest: string }[]; config: { digest: string } };
  const { config } = blob(manifest.config.digest) as { config: Record<string, unknown> };
  return { layers: manifest.layers, run: config };
}

const from = (artifact: Artifact): LaunchFrom => ({ kind: 'artifact', artifact });

describeIf(isRoot, 'it needs Linux and root', 'images', () => {
  let project: Project;
  let core: Artifact;
  const file = (artifact: Artifact): string => path.join(project.dir, String(artifact.outputs['path']));
  beforeAll(async () => {
    project = await Project.make();
    core = await project.build(MINIMAL, { changes: CHANGES, output: 'core.oci.tar' }, STEPS);
  });
  afterAll(() => project.remove());

  test('say what they are and where', () => {
    expect(core).toMatchObject({
      use: 'sandbox',
      kind: 'oci-archive',
      id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(core.outputs).toMatchObject({
      path: 'core.oci.tar',
      digest: core.id,
      reference: 'acme-core:latest',
      imageId: expect.stringMatching(/^sha256:/),
    });
    expect(core.outputs['sha256']).toBe(
      createHash('sha256')
        .update(fs.readFileSync(file(core)))
        .digest('hex'),
    );
    expect(core.files).toEqual([
      { path: 'core.oci.tar', size: fs.statSync(file(core)).size, sha256: core.outputs['sha256'] },
    ]);
  });

  test('are the same bytes when they are built again, in another folder', async () => {
    const other = await Project.make();
    const again = await other.build(MINIMAL, { changes: CHANGES, output: 'again.tar' }, STEPS);
    await other.remove();
    expect(again.outputs['sha256']).toBe(core.outputs['sha256']);
  });

  test('have a layer with exactly what was changed', () => {
    const listing = run(
      'sh',
      '-c',
      `cd $(mktemp -d) && tar -xf ${file(core)} && for f in blobs/sha256/*; do tar -tvzf $f --numeric-owner 2>/dev/null | grep -q place && tar -tvzf $f --numeric-owner --quoting-style=literal; done; rm -rf "$PWD"`,
    );
    const names = listing
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/).slice(5).join(' '));
    expect(names.filter((name) => !name.endsWith('/'))).toEqual([
      'etc/.wh.os-release',
      'etc/place',
      'srv/\u00fcml\u00e4ut',
      'usr/bin/hallo -> hello',
      'usr/bin/hello',
      'usr/bin/hello-again link to usr/bin/hello',
    ]);
    expect(listing).toMatch(/drwxrwsr-x 33\/44 .* srv\/www\//);
    expect(listing).toContain('1980-01-01');
  });

  test('built with checkpoints hold the same files, a layer each', async () => {
    const artifact = await project.build(MINIMAL, { output: 'layered.tar' }, STEPS, true);
    const sandbox = await project.launch(from(artifact));
    expect(await sandbox.ok('hello; ls /etc/os-release 2>&1; stat -c "%h" /usr/bin/hello-again')).toBe(
      "hello from goldsmith\nls: cannot access '/etc/os-release': No such file or directory\n2\n".replace(
        'ls: ',
        'ls: ',
      ),
    );
    await sandbox.destroy();
  }, 60_000);

  test.each(['oci-archive', 'oci-layout', 'docker-archive', 'rootfs-tar', 'directory'] as const)(
    'as %s can be started again, also where the cache is gone',
    async (format) => {
      const artifact = await project.build(MINIMAL, { format, changes: CHANGES, output: `out-${format}` }, STEPS);
      expect(artifact.kind).toBe(format);
      for (const forget of [false, true]) {
        if (forget) fs.rmSync(path.join(project.dir, '.goldsmith/sandbox/cache'), { recursive: true });
        const sandbox = await project.launch(from(artifact));
        expect(
          await sandbox.ok(
            'hello; hallo; hello-again; stat -c "%u %g %a %h" /srv/www /usr/bin/hello; cat /srv/\u00fc*; stat -c %Y /etc/place',
          ),
        ).toBe(`${'hello from goldsmith\n'.repeat(3)}33 44 2775 2\n0 0 755 2\n\u00fc\n315532800\n`);
        expect((await sandbox.run('ls /etc/os-release')).code).not.toBe(0);
        await sandbox.destroy();
      }
    },
    60_000,
  );

  const startsAgain = (compression: 'none' | 'zstd') => async (): Promise<void> => {
    const artifact = await project.build(MINIMAL, { compression, output: `${compression}.tar` }, STEPS);
    fs.rmSync(path.join(project.dir, '.goldsmith/sandbox/cache'), { recursive: true });
    const sandbox = await project.launch(from(artifact));
    expect(await sandbox.ok('hello')).toBe('hello from goldsmith\n');
    await sandbox.destroy();
  };
  test('with layers that are not compressed can be started again', startsAgain('none'));
  testIf(has('zstd'), 'zstd is not installed', 'with layers in zstd can be started again', startsAgain('zstd'));

  test('a rootfs-tar is compressed as its name says', async () => {
    await project.build(MINIMAL, { format: 'rootfs-tar', output: 'root.tar.gz' }, [':']);
    expect(run('tar', '-tzf', path.join(project.dir, 'root.tar.gz'))).toContain('usr/bin/sh');
  });

  test('built from another image add to its layers, and keep how it is run', async () => {
    const web = await project.build(from(core), { output: 'web.tar', changes: ['ENV MORE=1'] }, [
      'echo web > /etc/place',
      'rm /usr/bin/hallo',
    ]);
    const [below, all] = [contentOf(file(core)).layers, contentOf(file(web)).layers];
    expect(all.slice(0, below.length)).toEqual(below);
    expect(all).toHaveLength(below.length + 1);
    const sandbox = await project.launch(from(web));
    expect(await sandbox.ok('pwd; echo $PLACE $MORE; hello; ls /usr/bin/hallo 2>/dev/null || echo gone')).toBe(
      '/srv\nhere 1\nhello from web\ngone\n',
    );
    await sandbox.destroy();
  });

  test('built from another image are rid of its ONBUILD, as in Docker', async () => {
    const parent = await project.build(MINIMAL, { output: 'parent.tar', changes: ['ONBUILD RUN true'] }, [':']);
    const child = await project.build(from(parent), { output: 'child.tar', changes: ['ENV CHILD=1'] }, [':']);
    expect(contentOf(file(parent)).run).toMatchObject({ OnBuild: ['RUN true'], Cmd: ['/bin/sh'] });
    expect(contentOf(file(child)).run).toMatchObject({ Cmd: ['/bin/sh'] });
    expect(contentOf(file(child)).run).not.toHaveProperty('OnBuild');
  });

  test('go on from a checkpoint, with what was there and nothing that came after', async () => {
    const first = await project.launch();
    await first.ok('echo one > /etc/step');
    await first.ok('(sleep 100 > /dev/null 2>&1 &)');
    const checkpoint = await first.checkpoint();
    await first.ok('echo two > /etc/step');
    await first.destroy();
    expect(await project.driver.exists(checkpoint.resources[0]!, project.ctx)).toBe(true);
    const second = await project.launch({ kind: 'checkpoint', checkpoint });
    expect(await second.ok('cat /etc/step')).toBe('one\n');
    await second.ok('echo three > /etc/step');
    await second.destroy();
    await project.driver.destroy(checkpoint.resources[0]!, project.ctx);
    expect(await project.driver.exists(checkpoint.resources[0]!, project.ctx)).toBe(false);
  });

  test('have no trace of what the sandbox needs to run', () => {
    const names = run(
      'sh',
      '-c',
      `cd $(mktemp -d) && tar -xf ${file(core)} && for f in blobs/sha256/*; do tar -tzf $f 2>/dev/null; done; rm -rf "$PWD"`,
    );
    expect(names).not.toMatch(/resolv\.conf|etc\/hosts|goldsmith|dev\/./);
  });

  testIf(has('setcap'), 'setcap is not installed (libcap2-bin)', 'keep file capabilities', async () => {
    const artifact = await project.build(MINIMAL, { output: 'caps.tar' }, ['cp /bin/cat /bin/capable']);
    const sandbox = await project.launch(from(artifact));
    const upper = path.join(
      project.dir,
      '.goldsmith/sandbox/machines',
      sandbox.machine.resource.id!,
      'upper/usr/bin/capable',
    );
    await sandbox.ok('cat /bin/capable > /bin/capable2 && mv /bin/capable2 /bin/capable; chmod 755 /bin/capable');
    run('setcap', 'cap_net_bind_service=ep', upper);
    const captured = await sandbox.capture();
    await sandbox.destroy();
    fs.rmSync(path.join(project.dir, '.goldsmith/sandbox/cache'), { recursive: true });
    const again = await project.launch(from(captured));
    const trees = run('sh', '-c', `getcap -r ${project.dir}/.goldsmith/sandbox/cache/trees`);
    expect(trees).toContain('cap_net_bind_service=ep');
    await again.destroy();
  });

  describeIf(hasDocker, 'no Docker Engine answers', 'in a Docker Engine', () => {
    test.each(['oci-archive', 'docker-archive'] as const)(
      'run when they are loaded as %s',
      async (format) => {
        const reference = `goldsmith-sandbox-test:${format}-${process.pid}`;
        await project.build(MINIMAL, { format, reference, changes: CHANGES, output: `docker-${format}.tar` }, STEPS);
        try {
          expect(run('docker', 'load', '-i', path.join(project.dir, `docker-${format}.tar`))).toContain(reference);
          expect(run('docker', 'run', '--rm', '--network', 'none', reference)).toBe('hello from goldsmith\n');
          const config = JSON.parse(run('docker', 'inspect', '--format', '{{json .Config}}', reference)) as Record<
            string,
            unknown
          >;
          expect(config).toMatchObject({
            Cmd: ['hello'],
            WorkingDir: '/srv',
            ExposedPorts: { '80/tcp': {} },
            Labels: { by: 'test' },
          });
          expect(
            run(
              'docker',
              'run',
              '--rm',
              '--network',
              'none',
              reference,
              'sh',
              '-c',
              'stat -c "%u %g %a" /srv/www; ls /etc/os-release 2>/dev/null || echo gone',
            ),
          ).toBe('33 44 2775\ngone\n');
        } finally {
          run('docker', 'rmi', '-f', reference);
        }
      },
      60_000,
    );
  });

  describeIf(has('skopeo'), 'skopeo is not installed (apt-get install skopeo)', 'for skopeo', () => {
    test('are images as others are', async () => {
      const inspected = JSON.parse(run('skopeo', 'inspect', `oci-archive:${file(core)}`)) as {
        Digest: string;
        Env: string[];
      };
      expect(inspected.Digest).toBe(core.id);
      expect(inspected.Env).toContain('PLACE=here');
      const copy = path.join(project.dir, 'copied');
      run('skopeo', '--insecure-policy', 'copy', `oci-archive:${file(core)}`, `dir:${copy}`);
      expect(fs.existsSync(path.join(copy, 'manifest.json'))).toBe(true);
    });
  });
});
