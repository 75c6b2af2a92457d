import * as fs from 'node:fs';
import * as path from 'node:path';
import { file, type FileConfig } from '../../lib/provisioners/file';
import { provisionContext, scriptedMachine, temporaryFolder, thisMachine } from './support';

const root = temporaryFolder();
let project: string;
let guest: string;
let count = 0;

/** A fresh project with a file and a folder, and a fresh place for the machine's files with the same. */
beforeEach(() => {
  project = path.join(root, `project-${(count += 1)}`);
  guest = path.join(root, `guest-${count}`);
  for (const folder of [project, guest]) {
    fs.mkdirSync(path.join(folder, 'tree/deep'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'tree/deep/leaf'), 'leaf');
    fs.writeFileSync(path.join(folder, 'tree/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    fs.symlinkSync('deep/leaf', path.join(folder, 'tree/link'));
    fs.writeFileSync(path.join(folder, 'one.txt'), 'one');
    fs.writeFileSync(path.join(folder, 'two.txt'), 'two');
    fs.mkdirSync(path.join(folder, 'dst'));
  }
});

async function run(config: FileConfig): Promise<void> {
  await file.run(config, thisMachine(guest), provisionContext(project));
}

function listing(folder: string): string[] {
  return (fs.readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => !fs.lstatSync(path.join(folder, name)).isDirectory())
    .sort();
}

const TREE = ['deep/leaf', 'link', 'run.sh'];

describe('an upload', () => {
  test.each([
    ['a file to a full path', 'one.txt', 'dst/renamed', ['renamed']],
    ['a file into a folder', 'one.txt', 'dst/', ['one.txt']],
    ['a folder goes below the destination under its own name', 'tree', 'dst', TREE.map((name) => `tree/${name}`)],
    ['the same where the destination ends with a slash', 'tree', 'dst/', TREE.map((name) => `tree/${name}`)],
    ['of a folder with a slash only what is in it', 'tree/', 'dst', TREE],
    ['the same where the destination ends with a slash', 'tree/', 'dst/', TREE],
    ['a folder into one that is not there', 'tree/', 'dst/new', TREE.map((name) => `new/${name}`)],
  ])('%s', async (_name, source, destination, expected) => {
    await run({ source, destination });
    expect(listing(path.join(guest, 'dst'))).toEqual(expected);
  });

  test('keeps permissions and symbolic links', async () => {
    await run({ source: 'tree', destination: 'dst' });
    expect(fs.statSync(path.join(guest, 'dst/tree/run.sh')).mode & 0o777).toBe(0o755);
    expect(fs.readlinkSync(path.join(guest, 'dst/tree/link'))).toBe('deep/leaf');
  });

  test('takes several sources, `sources` before `source` as in Packer', async () => {
    const ctx = provisionContext(project);
    await file.run({ source: 'tree/', sources: ['one.txt', 'two.txt'], destination: 'dst/' }, thisMachine(guest), ctx);
    expect(listing(path.join(guest, 'dst'))).toEqual(['deep/leaf', 'link', 'one.txt', 'run.sh', 'two.txt']);
    expect(ctx.said[0]).toBe('uploading one.txt to dst/one.txt');
  });

  test('a text becomes a file that all may read', async () => {
    await run({ content: 'größer\n', destination: 'dst/text' });
    expect(fs.readFileSync(path.join(guest, 'dst/text'), 'utf8')).toBe('größer\n');
    expect(fs.statSync(path.join(guest, 'dst/text')).mode & 0o777).toBe(0o644);
  });

  test('says what is wrong: no folder, a folder in the way, no source, files that would all get one name', async () => {
    await expect(run({ source: 'one.txt', destination: 'no/such/place' })).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      hint: expect.stringContaining('does not exist') as string,
    });
    await expect(run({ source: 'one.txt', destination: 'tree' })).rejects.toMatchObject({
      hint: expect.stringContaining('slash') as string,
    });
    await expect(run({ source: 'later.txt', destination: 'dst/', generated: true })).rejects.toMatchObject({
      code: 'MISSING_ASSET',
    });
    await expect(run({ sources: ['one.txt', 'two.txt'], destination: 'dst/x' })).rejects.toThrow(
      'several files would all become dst/x',
    );
    expect(listing(path.join(guest, 'dst'))).toEqual([]);
  });
});

describe('a download', () => {
  const down = (config: Omit<FileConfig, 'direction'>): Promise<void> => run({ ...config, direction: 'download' });

  test.each([
    ['a file to a full path', 'one.txt', 'dst/renamed', ['renamed']],
    ['a file into a folder', 'one.txt', 'dst/', ['one.txt']],
    ['a file into folders that are not there', 'one.txt', 'dst/a/b/', ['a/b/one.txt']],
    ['a folder', 'tree', 'dst', TREE.map((name) => `tree/${name}`)],
    ['what is in a folder', 'tree/', 'dst/x/', TREE.map((name) => `x/${name}`)],
    ['what a pattern finds', '*.txt', 'dst', ['one.txt', 'two.txt']],
    ['what a pattern finds below a folder', 'tr[e]?/*', 'dst/', TREE],
  ])('%s', async (_name, source, destination, expected) => {
    await down({ source: path.join(guest, source), destination });
    expect(listing(path.join(project, 'dst'))).toEqual(expected);
  });

  test('goes on after a folder, which ends the list in Packer', async () => {
    await down({ sources: ['tree/', 'one.txt', 'two.txt'].map((name) => `${guest}/${name}`), destination: 'dst/' });
    expect(listing(path.join(project, 'dst'))).toEqual(['deep/leaf', 'link', 'one.txt', 'run.sh', 'two.txt']);
  });

  test('makes missing folders with mode 0755', async () => {
    await down({ source: `${guest}/one.txt`, destination: 'new/deep/one' });
    expect(fs.statSync(path.join(project, 'new/deep')).mode & 0o777).toBe(0o755);
  });

  test('names with blanks, quotes and line ends', async () => {
    const name = `it's "a"\nname $x`;
    fs.writeFileSync(path.join(guest, name), 'odd');
    await down({ source: `${guest}/${name}`, destination: 'dst/' });
    await down({ source: `${guest}/it*`, destination: 'dst/again/' });
    expect(listing(path.join(project, 'dst'))).toEqual([`again/${name}`, name].sort());
  });

  test('says what is not there, before anything is copied', async () => {
    await expect(down({ sources: [`${guest}/one.txt`, `${guest}/none`], destination: 'dst/' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(down({ source: `${guest}/*.none`, destination: 'dst/' })).rejects.toMatchObject({
      hint: 'the pattern finds nothing',
    });
    await expect(down({ source: `${guest}/one.txt/`, destination: 'dst/' })).rejects.toThrow('is a file, not a folder');
    await expect(down({ source: `${guest}/one.txt`, destination: 'dst' })).rejects.toThrow('a folder is there');
    expect(listing(path.join(project, 'dst'))).toEqual([]);
  });

  test('on Windows the slash alone tells what is a folder', async () => {
    const copied: string[] = [];
    const machine = {
      ...scriptedMachine(),
      guest: 'windows' as const,
      downloadFile: (from: string) => Promise.resolve(void copied.push(`file ${from}`)),
      downloadDirectory: (from: string) => Promise.resolve(void copied.push(`folder ${from}`)),
    };
    await file.run(
      { sources: ['C:/logs/', 'C:/one.txt'], destination: 'dst/', direction: 'download' },
      machine,
      provisionContext(project),
    );
    expect(copied).toEqual(['folder C:/logs', 'file C:/one.txt']);
    expect(machine.commands).toEqual([]);
  });
});

describe('its props', () => {
  test.each([
    [{ destination: 'x' }, 'one of `source`, `sources` and `content` is needed'],
    [{ destination: 'x', source: 'a', content: 'b' }, 'cannot be given together'],
    [{ destination: 'x', content: 'b', direction: 'download' }, 'can be uploaded only'],
    [{ destination: 'x/', content: 'b' }, "write the file's full path"],
  ])('%j is refused', (config, message) => {
    expect(file.schema.safeParse(config).error?.issues[0]?.message).toContain(message);
  });
});
