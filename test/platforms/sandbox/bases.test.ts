import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeIf, testIf } from '../../helpers/requires';
import { has, isRoot, run } from './able';
import { MINIMAL, Project } from './builder';

describeIf(isRoot, 'it needs Linux and root', 'bases in files', () => {
  let project: Project;
  let rootfs: string;
  beforeAll(async () => {
    project = await Project.make();
    await project.build(MINIMAL, { format: 'rootfs-tar', output: 'root.tar' }, ['echo base > /etc/base']);
    rootfs = path.join(project.dir, 'root.tar');
  });
  afterAll(() => project.remove());

  const rootIn = (kind: string) => async (): Promise<void> => {
    const archive = path.join(project.dir, `base.${kind}`);
    fs.copyFileSync(rootfs, path.join(project.dir, 'plain.tar'));
    if (kind === 'tar') fs.copyFileSync(rootfs, archive);
    else if (kind === 'tar.gz') run('sh', '-c', `gzip -c ${rootfs} > ${archive}`);
    else run('zstd', '-q', '-f', rootfs, '-o', archive);
    const sandbox = await project.launch({ kind: 'base', base: undefined }, { local: { archive, rootfs: true } });
    expect(await sandbox.ok('cat /etc/base')).toBe('base\n');
    await sandbox.destroy();
  };
  test('a root in a tar', rootIn('tar'));
  test('a root in a tar.gz', rootIn('tar.gz'));
  testIf(has('zstd'), 'zstd is not installed', 'a root in a tar.zst', rootIn('tar.zst'));

  test('a root in a folder, whose state is pinned', async () => {
    const folder = path.join(project.dir, 'rootdir');
    fs.mkdirSync(folder);
    run('tar', '-xf', rootfs, '-C', folder);
    const found = (await project.driver.lookup!({ kind: 'folder', path: 'rootdir' }, {}, project.ctx)) as {
      tree: string;
      kind: string;
      path: string;
    };
    expect(found.tree).toMatch(/^[0-9a-f]{64}$/);
    const sandbox = await project.launch({ kind: 'base', base: found });
    await sandbox.ok('grep base /etc/base; echo changed > /etc/base');
    await sandbox.destroy();
    expect(fs.readFileSync(path.join(folder, 'etc/base'), 'utf8')).toBe('base\n');
    fs.writeFileSync(path.join(folder, 'etc/base'), 'other\n');
    fs.rmSync(path.join(project.dir, '.goldsmith/sandbox/cache'), { recursive: true });
    await expect(project.launch({ kind: 'base', base: found })).rejects.toMatchObject({
      code: 'LOOKUP_FAILED',
      hint: expect.stringContaining('goldsmith update'),
    });
  });

  test.each(['oci-archive', 'oci-layout', 'docker-archive'] as const)('an image as %s', async (format) => {
    const output = `image-${format}`;
    await project.build(MINIMAL, { format, output, reference: 'acme/base:1', changes: ['ENV FROM=base'] }, [
      'echo image > /etc/base',
    ]);
    const at = path.join(project.dir, output);
    const local =
      format === 'oci-layout' ? { layout: at, name: 'acme/base:1' } : { archive: at, name: 'docker.io/acme/base:1' };
    const sandbox = await project.launch({ kind: 'base', base: undefined }, { local });
    expect(await sandbox.ok('cat /etc/base; echo $FROM')).toBe('image\nbase\n');
    await sandbox.destroy();
    const wrong = project.launch({ kind: 'base', base: undefined }, { local: { ...local, name: 'acme/other' } });
    await expect(wrong).rejects.toMatchObject({
      code: 'LOOKUP_FAILED',
      message: expect.stringContaining('acme/base:1'),
    });
  });

  test('an archive with a damaged layer is refused', async () => {
    await project.build(MINIMAL, { format: 'oci-layout', output: 'damaged' }, ['echo x > /x']);
    const blobs = path.join(project.dir, 'damaged/blobs/sha256');
    const layer = fs.readdirSync(blobs).find((name) => fs.statSync(path.join(blobs, name)).size > 1_000_000)!;
    fs.appendFileSync(path.join(blobs, layer), 'more');
    fs.rmSync(path.join(project.dir, '.goldsmith/sandbox/cache'), { recursive: true });
    await expect(
      project.launch({ kind: 'base', base: undefined }, { local: { layout: path.join(project.dir, 'damaged') } }),
    ).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      message: expect.stringContaining('damaged'),
    });
  });

  test('what is no image says what it lacks', async () => {
    const wrong = project.launch({ kind: 'base', base: undefined }, { local: { archive: rootfs } });
    await expect(wrong).rejects.toMatchObject({
      code: 'LOOKUP_FAILED',
      hint: expect.stringContaining('SandboxBase.rootfs'),
    });
  });
});

describeIf(isRoot, 'it needs Linux and root', 'the minimal base', () => {
  test('has further commands of this machine, with what they need', async () => {
    const project = await Project.make();
    const sandbox = await project.launch({ kind: 'base', base: { kind: 'minimal', commands: ['perl'] } });
    expect(await sandbox.ok('perl -e "print 6*7"')).toBe('42');
    expect(
      await sandbox.ok('printf "b\\na\\n" | sort | tr a-z A-Z; sh -c "echo $((1+1))"; tar --version | head -1'),
    ).toContain('A\nB\n2\n');
    await expect(
      project.launch({ kind: 'base', base: { kind: 'minimal', commands: ['no-such-thing'] } }),
    ).rejects.toThrow('`no-such-thing`, which this machine has not');
    await project.remove();
  });
});
