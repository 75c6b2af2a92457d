import type { Artifact } from '../../../../lib/extension';
import { sandbox as platform } from '../../../../lib/platforms/sandbox';
import { MINIMAL, Project } from '../builder';

/** Builds as whoever runs it, and prints what came of it as JSON. */
async function main(): Promise<void> {
  const project = await Project.make();
  const found = await platform.probe!(project.ctx);
  const sandbox = await project.launch(MINIMAL, { output: 'image.tar' });
  const id = await sandbox.ok(
    'id -u; id -g; touch /usr/bin/mine; stat -c %u /usr/bin/mine /etc/passwd; rm /etc/os-release; grep CapEff /proc/self/status',
  );
  const given = await sandbox.run(
    'mkdir /srv/www -p && chown 33:33 /srv/www && chmod 2775 /srv/www && su=$(id -u) && echo $su',
  );
  const other = await sandbox
    .run('id -u; touch /tmp/theirs; stat -c %u /tmp/theirs', { user: 'nobody' })
    .catch((error: unknown) => String(error));
  const device = await sandbox.run('mknod /tmp/disk b 8 0');
  await sandbox.communicator.uploadFile(Buffer.from('uploaded'), '/etc/uploaded', { signal: project.ctx.signal });
  const checkpoint = await sandbox.checkpoint();
  await sandbox.ok('rm -rf /srv/www; mkdir -p /srv/www; echo top > /srv/www/index');
  const artifact: Artifact = await sandbox.capture();
  await sandbox.destroy();
  const again = await project.launch({ kind: 'artifact', artifact });
  const result = await again.ok(
    'cat /srv/www/index /etc/uploaded; ls /etc/os-release 2>/dev/null || echo gone; ls /usr/bin/mine',
  );
  await again.destroy();
  const resumed = await project.launch({ kind: 'checkpoint', checkpoint });
  const owner = await resumed.ok('stat -c "%u %g %a" /srv/www 2>/dev/null || echo none');
  await resumed.destroy();
  const directory = await project.build({ kind: 'artifact', artifact }, { format: 'directory', output: 'dir' }, [':']);
  const host = await project
    .launch({ kind: 'base', base: { kind: 'host' } })
    .catch((error: { code: string }) => error.code);
  await project.driver.close?.();
  process.stdout.write(
    JSON.stringify({
      found,
      id,
      given,
      other,
      device: device.code,
      result,
      owner,
      directory: directory.kind,
      host,
      said: project.ctx.said,
    }),
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n${String((error as { output?: string }).output)}\n`);
  process.exit(1);
});
