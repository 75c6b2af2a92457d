import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { describeIf } from '../../helpers/requires';
import { has, isRoot } from './able';

const CHILD = path.join(__dirname, 'children', 'rootless.ts');
const UID = 54321;

interface Told {
  readonly found: { readonly ok: boolean; readonly detail: string };
  readonly id: string;
  readonly given: { readonly code: number };
  readonly other: { readonly out: string } | string;
  readonly device: number;
  readonly result: string;
  readonly owner: string;
  readonly directory: string;
  readonly host: string;
  readonly said: readonly string[];
}

/** Whether others than root may read this repository, and create user namespaces. */
function usersCan(): boolean {
  if (!isRoot) return false;
  const script = `test -r ${CHILD} && unshare --user --map-root-user true`;
  return (
    spawnSync('setpriv', ['--reuid', String(UID), '--regid', String(UID), '--clear-groups', 'sh', '-c', script])
      .status === 0
  );
}

/** Runs the build as a user that exists for it alone: its entries are mounted over the files of /etc, for this process. */
function buildAsUser(withRange: boolean): Told {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-rootless-'));
  fs.chownSync(dir, UID, UID);
  const write = (name: string, content: string): string => {
    const file = path.join(dir, name);
    fs.writeFileSync(file, content);
    return file;
  };
  const passwd = write(
    'passwd',
    `${fs.readFileSync('/etc/passwd', 'utf8')}goldsmith-test:x:${UID}:${UID}::${dir}:/bin/sh\n`,
  );
  const range = write('subid', withRange ? 'goldsmith-test:700000:65536\n' : '');
  const mounts = [
    [passwd, '/etc/passwd'],
    [range, '/etc/subuid'],
    [range, '/etc/subgid'],
  ].map(([from, to]) => `[ ! -e ${to} ] || mount --bind ${from} ${to}`);
  const command = `${mounts.join(' && ')} && exec setpriv --reuid ${UID} --regid ${UID} --clear-groups "$@"`;
  try {
    const child = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', command, 'sh', process.execPath, '--require', 'tsx/cjs', CHILD],
      {
        env: { PATH: process.env['PATH'], HOME: dir, TMPDIR: dir, TSX_DISABLE_CACHE: '1' },
        cwd: path.resolve(__dirname, '../../..'),
        encoding: 'utf8',
      },
    );
    if (child.status !== 0) throw new Error(child.stderr);
    return JSON.parse(child.stdout) as Told;
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

describeIf(usersCan(), 'users cannot create namespaces here, or cannot read the repository', 'without root', () => {
  describeIf(has('newuidmap'), 'newuidmap is not installed (apt-get install uidmap)', 'with a range of ids', () => {
    test('a build does nearly all that it does with root', () => {
      const told = buildAsUser(true);
      expect(told.found).toMatchObject({ ok: true, detail: expect.stringContaining('with the ids of /etc/subuid') });
      expect(told.id).toMatch(/^0\n0\n0\n0\nCapEff:\s*00000000a/);
      expect(told.given.code).toBe(0);
      expect(told.other).toMatchObject({ out: '65534\n65534\n' });
      expect(told.device).not.toBe(0);
      expect(told.result).toBe('top\nuploadedgone\n/usr/bin/mine\n');
      expect(told.owner).toBe('33 33 2775\n');
      expect([told.directory, told.host]).toEqual(['directory', 'PLATFORM_UNAVAILABLE']);
    });
  });

  test('and without a range it works with one user, and says what that cannot do', () => {
    const told = buildAsUser(false);
    expect(told.found).toMatchObject({ ok: true, detail: expect.stringContaining('with one id') });
    expect(told.found.detail).toContain('packages that create users');
    expect(told.id).toMatch(/^0\n0\n0\n0\n/);
    expect(told.given.code).not.toBe(0);
    expect(told.other).toContain('but one');
    expect(told.result).toBe('top\nuploadedgone\n/usr/bin/mine\n');
    expect(told.said.some((line) => line.includes('without root'))).toBe(true);
  });
});
