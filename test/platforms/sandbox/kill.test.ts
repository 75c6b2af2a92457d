import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ResourceRecord } from '../../../lib/extension';
import { sandbox } from '../../../lib/platforms/sandbox';
import { describeIf } from '../../helpers/requires';
import { isRoot, mountsWith } from './able';
import { makeContext, makeProject } from './helpers';

const CHILD = path.join(__dirname, 'children', 'hold.ts');

/** Command lines of all processes of this machine. */
function processes(): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ');
      } catch {
        return '';
      }
    });
}

describeIf(isRoot, 'it needs Linux and root', 'kill -9 of whoever holds a machine', () => {
  test('ends all that runs in it and all its mounts; destroying takes the files away', async () => {
    const dir = await makeProject();
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', CHILD, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (text: Buffer) => resolve(String(text)));
      child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
    const { folder, resource } = JSON.parse(line) as { folder: string; resource: ResourceRecord };
    expect(processes().filter((command) => /sleep 765[45]/.test(command))).toHaveLength(2);
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await exited;

    const ctx = makeContext(dir);
    await ctx.poll('the machine to end by itself', () =>
      Promise.resolve(
        processes().some((command) => command.includes(folder) || /sleep 765[45]/.test(command)) ? undefined : true,
      ),
    );
    expect(mountsWith(folder)).toEqual([]);
    expect(fs.existsSync(folder)).toBe(true);

    const driver = await sandbox.load(ctx);
    const { kind, token, locator } = resource;
    await driver.destroy({ kind, token, locator }, ctx);
    expect(fs.readdirSync(path.dirname(folder))).toEqual([]);
    fs.rmSync(dir, { recursive: true });
  });
});
