import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ResourceRecord } from '../../../lib/extension';
import { sandbox } from '../../../lib/platforms/sandbox';
import { describeIf } from '../../helpers/requires';
import { isRoot, mountsWith, processesWith } from './able';
import { makeContext, makeProject } from './helpers';

const CHILD = path.join(__dirname, 'children', 'hold.ts');

describeIf(isRoot, 'it needs Linux and root', 'kill -9 of whoever holds a machine', () => {
  let child: ChildProcess | undefined;
  let dir: string;
  beforeEach(async () => (dir = await makeProject()));
  afterEach(() => {
    child?.kill('SIGKILL');
    fs.rmSync(dir, { recursive: true, force: true });
  });

  test('ends all that runs in it and all its mounts; destroying takes the files away', async () => {
    // Other tests may run the same at the same time: the processes of this one are known by a number.
    const mark = `7${process.pid}`;
    const holder = spawn(process.execPath, ['--require', 'tsx/cjs', CHILD, dir, mark], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = holder;
    const line = await new Promise<string>((resolve, reject) => {
      holder.stdout.once('data', (text: Buffer) => resolve(String(text)));
      holder.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
    const { folder, resource } = JSON.parse(line) as { folder: string; resource: ResourceRecord };
    expect(processesWith(`sleep ${mark}`).length).toBeGreaterThanOrEqual(2);
    expect(processesWith(folder).length).toBeGreaterThanOrEqual(1);
    const exited = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
    holder.kill('SIGKILL');
    await exited;

    const ctx = makeContext(dir);
    const left = (): string[] => [...processesWith(folder), ...processesWith(`sleep ${mark}`)];
    await ctx.poll('the machine to end by itself', () => Promise.resolve(left().length > 0 ? undefined : true));
    expect(mountsWith(folder)).toEqual([]);
    expect(fs.existsSync(folder)).toBe(true);

    const driver = await sandbox.load(ctx);
    const { kind, token, locator } = resource;
    await driver.destroy({ kind, token, locator }, ctx);
    expect(fs.readdirSync(path.dirname(folder))).toEqual([]);
  });
});
