import * as fs from 'node:fs';
import * as path from 'node:path';
import { artifice } from '../../lib/post-processors/artifice';
import { shellLocalPostProcessor } from '../../lib/post-processors/shell-local';
import { filesArtifact, IMAGE, processContext, temporaryFolder } from './support';

const folder = temporaryFolder();
for (const name of ['out/a.img', 'out/b.img', 'out/.hidden.img', 'out/deep/er/c.img', 'out/[odd].img', 'top.txt']) {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), name);
}

describe('artifice', () => {
  const find = async (...files: string[]): Promise<string[]> => {
    const artifact = await artifice.run({ files }, [IMAGE], processContext(folder, [IMAGE]));
    return artifact!.files.map((file) => file.path);
  };

  test.each([
    [['top.txt'], ['top.txt']],
    [['./out/?.img'], ['out/a.img', 'out/b.img']],
    [
      ['out/*.img', 'out/a.img', 'top.txt'],
      ['out/[odd].img', 'out/a.img', 'out/b.img', 'top.txt'],
    ],
    [['out/[a]*.img'], ['out/a.img']],
    [['out/[!a].img'], ['out/b.img']],
    [['**/*.img'], ['out/[odd].img', 'out/a.img', 'out/b.img', 'out/deep/er/c.img']],
    [['out/.h*'], ['out/.hidden.img']],
    [[path.join(folder, 'o*/a.img')], [path.join(folder, 'out/a.img')]],
  ])('%j finds %j', async (patterns, found) => {
    expect(await find(...patterns)).toEqual(found);
  });

  test('the artifact has the sizes and checksums, and nothing that goldsmith would delete', async () => {
    const artifact = (await artifice.run({ files: ['top.txt'] }, [IMAGE], processContext(folder, [IMAGE])))!;
    expect(artifact).toMatchObject({ use: 'artifice', kind: 'files', resources: [], outputs: { path: 'top.txt' } });
    expect(artifact.files[0]).toMatchObject({ size: 7, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    fs.writeFileSync(path.join(folder, 'top.txt'), 'top.TXT');
    expect((await artifice.run({ files: ['top.txt'] }, [IMAGE], processContext(folder, [IMAGE])))!.id).not.toBe(
      artifact.id,
    );
  });

  test('a pattern that finds nothing is an error', async () => {
    await expect(find('out/*.iso')).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
      message: '`files` has "out/*.iso", which finds nothing',
    });
    await expect(find('none.txt')).rejects.toThrow('finds nothing');
  });
});

describe('shell-local', () => {
  test('knows the artifact, and hands it on', async () => {
    const input = filesArtifact(folder, 'out/a.img', 'out/b.img');
    const ctx = processContext(folder, [input]);
    const inline = [
      'echo "$GOLDSMITH_ARTIFACT_ID $GOLDSMITH_ARTIFACT_KIND $PACKER_BUILD_NAME"',
      'cat $GOLDSMITH_ARTIFACT_FILES',
    ];
    expect(await shellLocalPostProcessor.run({ inline }, [input], ctx)).toBeUndefined();
    expect(ctx.printed()).toBe('id-1 docker-export Null\nout/a.imgout/b.img');
  });

  test('a failure is one of the step', async () => {
    const ctx = processContext(folder, [IMAGE]);
    await expect(shellLocalPostProcessor.run({ command: 'exit 3' }, [IMAGE], ctx)).rejects.toMatchObject({
      code: 'STEP_FAILED',
    });
  });

  test('executeCommand may be one text, as in Packer', async () => {
    const ctx = processContext(folder, [IMAGE]);
    await shellLocalPostProcessor.run(
      { executeCommand: 'echo {{.ID}} && {{.Vars}} sh {{.Script}}', command: 'echo $GOLDSMITH_BUILD' },
      [IMAGE],
      ctx,
    );
    expect(ctx.printed()).toBe('sha256:abc\nWeb/Null\n');
  });
});
