import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeFloppy } from '../../../lib/platforms/qemu/media/floppy';
import { writeIso } from '../../../lib/platforms/qemu/media/iso';
import { isoNames } from '../../../lib/platforms/qemu/media/iso-names';
import { cloudConfig } from '../../../lib/platforms/qemu/media/seed';
import { putContent, putPath, type Tree } from '../../../lib/platforms/qemu/media/tree';
import { describeIf } from '../../helpers/requires';
import { has, makeFolder, run } from './tools';

let dir: string;
beforeEach(() => (dir = makeFolder()));
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

async function someTree(): Promise<Tree> {
  const source = path.join(dir, 'drivers');
  fs.mkdirSync(source);
  fs.writeFileSync(path.join(source, 'net.inf'), 'net');
  const tree: Tree = new Map();
  putContent(tree, 'user-data', '#cloud-config\n');
  putContent(tree, 'a/b/a rather long name.txt', 'x'.repeat(5000));
  putContent(tree, 'empty', '');
  for (let index = 0; index < 60; index += 1) putContent(tree, `many/file-number-${index}.conf`, String(index));
  await putPath(tree, source);
  await putPath(tree, path.join(source, 'net.inf'));
  return tree;
}

function expectTree(folder: string): void {
  expect(fs.readFileSync(path.join(folder, 'user-data'), 'utf8')).toBe('#cloud-config\n');
  expect(fs.readFileSync(path.join(folder, 'a/b/a rather long name.txt'), 'utf8')).toBe('x'.repeat(5000));
  expect(fs.readFileSync(path.join(folder, 'empty'), 'utf8')).toBe('');
  expect(fs.readdirSync(path.join(folder, 'many'))).toHaveLength(60);
  expect(fs.readFileSync(path.join(folder, 'many/file-number-59.conf'), 'utf8')).toBe('59');
  expect(fs.readFileSync(path.join(folder, 'drivers/net.inf'), 'utf8')).toBe('net');
  expect(fs.readFileSync(path.join(folder, 'net.inf'), 'utf8')).toBe('net');
}

describeIf(has('xorriso'), 'it needs xorriso, to read what was written', 'a CD', () => {
  test('has all files under their own names', async () => {
    const iso = path.join(dir, 'cd.iso');
    await writeIso(iso, await someTree(), 'cidata');
    const target = path.join(dir, 'read');
    run('xorriso', '-report_about', 'FAILURE', '-osirrox', 'on', '-indev', iso, '-extract', '/', target);
    expectTree(target);
  });
});

describeIf(has('mcopy'), 'it needs mtools, to read what was written', 'a floppy', () => {
  test('has all files under their own names', async () => {
    const image = path.join(dir, 'floppy.img');
    await writeFloppy(image, await someTree(), 'packer');
    expect(fs.statSync(image).size).toBe(1_474_560);
    const target = path.join(dir, 'read');
    fs.mkdirSync(target);
    run('mcopy', '-s', '-n', '-i', image, '::/*', target);
    expectTree(target);
  });

  test('takes no more than it holds', async () => {
    const tree: Tree = new Map();
    putContent(tree, 'large', 'x'.repeat(1_500_000));
    await expect(writeFloppy(path.join(dir, 'f.img'), tree, 'packer')).rejects.toThrow(/does not fit on a floppy/);
  });
});

describe('media', () => {
  test('of equal content are equal bytes', async () => {
    const tree = await someTree();
    for (const name of ['one', 'two']) await writeIso(path.join(dir, name), tree, 'cidata');
    expect(fs.readFileSync(path.join(dir, 'one')).equals(fs.readFileSync(path.join(dir, 'two')))).toBe(true);
  });

  test('have short names too, each once', () => {
    const names = isoNames([
      ['user-data', false],
      ['user_data', false],
      ['meta.data.yaml', false],
      ['folder.d', true],
    ]);
    expect([...names.values()]).toEqual(['USER_DAT.', 'USER_DA1.', 'META_DAT.YAM', 'FOLDER_D']);
  });
});

describe('what cloud-init is told', () => {
  const keys = { username: 'root', publicKey: 'ssh-ed25519 AAAA', hostPrivateKey: 'PRIVATE', hostPublicKey: 'PUBLIC' };

  test('lets root in with the temporary key, and gives the guest a host key', () => {
    expect(cloudConfig({}, keys)).toMatchObject({
      disable_root: false,
      users: [{ name: 'root', ssh_authorized_keys: ['ssh-ed25519 AAAA'] }],
      ssh_keys: { ed25519_private: 'PRIVATE', ed25519_public: 'PUBLIC' },
    });
  });

  test('makes another user where one is named', () => {
    const config = cloudConfig({}, { ...keys, username: 'debian' });
    expect(config).toMatchObject({ users: [{ name: 'debian', sudo: 'ALL=(ALL) NOPASSWD:ALL' }] });
    expect(config).not.toHaveProperty('disable_root');
  });

  test("takes in the user's config, whose users come first", () => {
    const config = cloudConfig(
      { cloudInit: { config: { users: ['default'], timezone: 'UTC', ssh: { x: 1 } }, packages: ['curl'] } },
      keys,
    );
    expect(config).toMatchObject({
      users: ['default', { name: 'root' }],
      timezone: 'UTC',
      ssh: { x: 1, emit_keys_to_console: false },
      packages: ['curl'],
      package_update: true,
    });
    expect(() => cloudConfig({ cloudInit: { config: { ssh_keys: {} } } }, keys)).toThrow(/ssh_keys/);
  });
});
