import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Communicator } from '../../../lib/extension';
import { describeIf } from '../../helpers/requires';
import { temporaryFolder } from '../../provisioners/support';
import { connect, targetOf } from './machine';
import { HAS_SSHD, NO_SSHD, startSshd, type Sshd } from './sshd';

const signal = new AbortController().signal;

/** What is below a folder: kind, mode, time, and content or where a link leads. */
function tree(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of (fs.readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const file = path.join(folder, name);
    const stat = fs.lstatSync(file);
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) found[name] = `-> ${fs.readlinkSync(file)}`;
    else if (stat.isDirectory()) found[name] = `d ${mode}`;
    else found[name] = `${mode} ${Math.floor(stat.mtimeMs / 1000)} ${fs.readFileSync(file, 'latin1').slice(0, 50)}`;
  }
  return found;
}

describeIf(HAS_SSHD, NO_SSHD, 'transfers over SSH', () => {
  const folder = temporaryFolder();
  const local = path.join(folder, 'local');
  let sshd: Sshd;
  let bare: Sshd;

  beforeAll(async () => {
    sshd = await startSshd();
    // A machine with nothing but a shell, cat and what a shell script cannot do without.
    const bin = path.join(folder, 'bin');
    fs.mkdirSync(bin);
    for (const tool of ['cat', 'chmod', 'dirname', 'ln', 'mkdir', 'mv', 'readlink', 'rm', 'sh', 'wc', 'sleep'])
      fs.symlinkSync(execFileSync('which', [tool]).toString().trim(), path.join(bin, tool));
    bare = await startSshd({ config: [`SetEnv PATH=${bin}`, 'Subsystem sftp /nowhere/sftp-server'] });
    fs.mkdirSync(path.join(local, 'sub/deep'), { recursive: true });
    fs.mkdirSync(path.join(local, 'empty'), { mode: 0o750 });
    fs.writeFileSync(path.join(local, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    fs.writeFileSync(path.join(local, 'sub/deep/it\'s "odd" $x.txt'), 'odd');
    fs.writeFileSync(path.join(local, '.hidden'), 'hidden', { mode: 0o600 });
    fs.symlinkSync('run.sh', path.join(local, 'link'));
    fs.symlinkSync('/nowhere/at all', path.join(local, 'dangling'));
    for (const file of ['run.sh', 'sub/deep/it\'s "odd" $x.txt', '.hidden'])
      fs.utimesSync(path.join(local, file), 1e9, 1e9);
  });
  afterAll(async () => {
    await sshd.stop();
    await bare.stop();
  });

  const ways: [string, () => Promise<Communicator>, boolean][] = [
    ['by the shell and tar', () => connect(targetOf(sshd)), true],
    ['by SFTP', () => connect(targetOf(sshd, { fileTransferMethod: 'sftp' })), true],
    ['by scp', () => connect(targetOf(sshd, { fileTransferMethod: 'scp' })), true],
    [
      'to a machine with neither SFTP, scp, tar nor find',
      () => connect(targetOf(bare, { fileTransferMethod: 'sftp' })),
      false,
    ],
  ];

  describe.each(ways)('%s', (way, open, keepsTimes) => {
    const remote = path.join(folder, `remote ${way.replace(/\W/g, '')}`);
    const expected = (): Record<string, string> =>
      Object.fromEntries(
        Object.entries(tree(local)).map(([name, is]) => [name, keepsTimes ? is : is.replace(/ 1000000000 /, ' T ')]),
      );
    const got = (at: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(tree(at)).map(([name, is]) => [name, keepsTimes ? is : is.replace(/ \d{10} /, ' T ')]),
      );

    test('a folder goes over and comes back, with modes, times and links', async () => {
      const machine = await open();
      await machine.uploadDirectory(local, remote, { signal });
      expect(got(remote)).toEqual(expected());
      const back = `${remote} back`;
      await machine.downloadDirectory(remote, back, { signal });
      // Modes of folders cannot be asked for without stat.
      const modes = (is: string): string => (keepsTimes ? is : is.replace(/^(d )?\d+/, '$1M'));
      const bare = (all: Record<string, string>): unknown => Object.entries(all).map(([name, is]) => [name, modes(is)]);
      expect(bare(got(back))).toEqual(bare(expected()));
    });

    test('a folder is merged into one that is there', async () => {
      const machine = await open();
      fs.mkdirSync(`${remote}2/sub`, { recursive: true });
      fs.writeFileSync(`${remote}2/sub/mine`, 'mine');
      fs.writeFileSync(`${remote}2/run.sh`, 'old');
      await machine.uploadDirectory(`${local}/`, `${remote}2`, { signal });
      const { 'sub/mine': mine, ...rest } = got(`${remote}2`);
      expect(mine).toContain('mine');
      expect(rest).toEqual(expected());
    });

    test.each([
      ['small', 5],
      ['large', 3_000_001],
    ])('a %s file goes over and comes back', async (_size, size) => {
      const machine = await open();
      const file = path.join(folder, `file ${size}`);
      fs.writeFileSync(file, Buffer.alloc(size, 'abcdefg'), { mode: 0o640 });
      fs.utimesSync(file, 1e9, 1e9);
      const seen: number[] = [];
      await machine.uploadFile(file, `${remote}-${size}`, { signal, onProgress: ({ current }) => seen.push(current) });
      const stat = fs.statSync(`${remote}-${size}`);
      expect(fs.readFileSync(`${remote}-${size}`).equals(fs.readFileSync(file))).toBe(true);
      expect((stat.mode & 0o7777).toString(8)).toBe('640');
      if (keepsTimes) expect(stat.mtimeMs).toBe(1e12);
      expect(seen.at(-1)).toBe(size);
      await machine.downloadFile(`${remote}-${size}`, `${file} back`, { signal });
      expect(fs.readFileSync(`${file} back`).equals(fs.readFileSync(file))).toBe(true);
    });

    test('bytes become a file with the mode that is asked for', async () => {
      const machine = await open();
      await machine.uploadFile(Buffer.from('x\0y'), `${remote}-bytes`, { signal, mode: 0o600 });
      expect(fs.readFileSync(`${remote}-bytes`, 'latin1')).toBe('x\0y');
      expect((fs.statSync(`${remote}-bytes`).mode & 0o7777).toString(8)).toBe('600');
    });

    test('what cannot be written says why, and leaves nothing', async () => {
      const machine = await open();
      await expect(machine.uploadFile(Buffer.from('x'), `${remote}-no/such/file`, { signal })).rejects.toMatchObject({
        code: 'TRANSFER_FAILED',
      });
      await expect(machine.downloadFile(`${remote}-none`, path.join(folder, 'none'), { signal })).rejects.toMatchObject(
        {
          code: 'TRANSFER_FAILED',
        },
      );
      expect(fs.readdirSync(folder).filter((name) => /goldsmith-|part$/.test(name))).toEqual([]);
    });
  });

  test('a directory in the way of a file is left alone', async () => {
    const machine = await connect(targetOf(sshd));
    fs.mkdirSync(path.join(folder, 'taken'));
    await expect(machine.uploadFile(Buffer.from('x'), path.join(folder, 'taken'), { signal })).rejects.toThrow(
      'is a directory',
    );
    expect(fs.readdirSync(path.join(folder, 'taken'))).toEqual([]);
  });

  test('a second try sends only what changed', async () => {
    const machine = await connect(targetOf(sshd));
    const file = path.join(folder, 'again');
    fs.writeFileSync(file, Buffer.alloc(2_000_000));
    await machine.uploadFile(file, `${file} there`, { signal });
    const { ino } = fs.statSync(`${file} there`);
    await machine.uploadFile(file, `${file} there`, { signal });
    expect(fs.statSync(`${file} there`).ino).toBe(ino);
    fs.writeFileSync(`${file} there`, 'changed on the machine');
    await machine.uploadFile(file, `${file} there`, { signal });
    expect(fs.statSync(`${file} there`).size).toBe(2_000_000);
  });
});
