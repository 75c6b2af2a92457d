import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { recover } from '../../../lib/engine';
import { qemu } from '../../../lib/platforms/qemu';
import { describeIf } from '../../helpers/requires';
import { emulatorsWith, hasQemu, leftIn, makeDisk, makeFolder, NO_QEMU } from './tools';

const CHILD = path.join(__dirname, 'children', 'build.ts');

describeIf(hasQemu, NO_QEMU, 'kill -9 of a build on QEMU', () => {
  let dir: string;
  beforeEach(() => (dir = makeFolder()));
  afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

  test('leaves a machine running, and recover ends it and takes all of it away', async () => {
    const disk = makeDisk(path.join(dir, 'idle.img'), 'idle');
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', CHILD, dir, disk], { stdio: 'ignore' });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const state = path.join(dir, '.goldsmith');
    // Before the emulator, qemu-img looks at the disk.
    const isUp = (): boolean => emulatorsWith(state).some((command) => /^\S*qemu-system/.test(command));
    while (!isUp() && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGKILL');
    await exited;
    expect(emulatorsWith(state)).toHaveLength(1);
    const [sockets = ''] = /\/\S*\/goldsmith-[0-9a-f]{20}(?=\/qmp)/.exec(emulatorsWith(state)[0]!) ?? [];

    const extensions = new Map([['platform qemu', qemu]]);
    const recovery = await recover({ projectDir: dir, env: process.env, extensions });
    expect(recovery.left).toEqual([]);
    expect(recovery.destroyed.map(({ kind }) => kind)).toEqual(['qemu:machine']);
    expect(leftIn(state)).toEqual([]);
    expect(fs.existsSync(sockets)).toBe(false);
  }, 60_000);
});
