import * as fs from 'node:fs';
import * as path from 'node:path';
import { App, Image, Verification, type VerificationProps } from '../../../lib';
import { localCommunicator } from '../../../lib/communicators/local';
import type { PlatformDriver } from '../../../lib/extension/platform';
import { qemu, QemuSource } from '../../../lib/platforms/qemu';
import { describeIf } from '../../helpers/requires';
import { emulatorsWith, hasQemu, IDLE, leftIn, makeDisk, makeFolder, NO_QEMU, run } from './tools';

describeIf(hasQemu, NO_QEMU, 'the verification of a disk', () => {
  let dir: string;
  const load = qemu.load.bind(qemu);
  beforeEach(() => {
    dir = makeFolder();
    makeDisk(path.join(dir, 'idle.img'), 'idle');
    // The guest has nobody who could take a command, so commands go to this machine.
    Object.assign(qemu, {
      load: async (ctx: Parameters<typeof load>[0]): Promise<PlatformDriver> => {
        const driver = (await load(ctx)) as PlatformDriver;
        driver.connect = (_machine, _config, { clock, env }) =>
          Promise.resolve(localCommunicator({ clock, env, cwd: dir }));
        return driver;
      },
    });
  });
  afterEach(() => {
    Object.assign(qemu, { load });
    expect(emulatorsWith(dir)).toEqual([]);
    fs.rmSync(dir, { recursive: true, force: true });
  });

  async function build(checks: VerificationProps, signal = new AbortController().signal): Promise<string[]> {
    const app = new App('acme', { baseDir: dir });
    const core = new Image(app, 'Core');
    new QemuSource(core, 'Qemu', {
      ...IDLE,
      image: 'idle.img',
      output: 'out/core.qcow2',
    });
    new Verification(core, 'Works', checks);
    const { nodes } = await app.build({ env: process.env, signal });
    return nodes.map(({ id, state, error }) => `${id} ${state} ${error?.message ?? ''}`.trim());
  }
  const files = (): string[] => (fs.existsSync(path.join(dir, 'out')) ? fs.readdirSync(path.join(dir, 'out')) : []);

  test('keeps what fails from its name, and gives it without a build when the check is mended', async () => {
    expect(await build({ commands: ['false'] })).toEqual([
      'Core/Qemu succeeded',
      'Core/Works/Qemu failed 1 of 1 checks failed: `false`: exit status 1, expected 0',
    ]);
    expect(files()).toEqual(['.goldsmith-unverified-core.qcow2']);
    expect(await build({ commands: ['true'] })).toEqual(['Core/Qemu cached', 'Core/Works/Qemu succeeded']);
    expect(files()).toEqual(['core.qcow2']);
    expect(run('qemu-img', 'check', path.join(dir, 'out/core.qcow2'))).toMatch(/No errors/);
    expect(await build({ commands: ['true'] })).toEqual(['Core/Qemu cached', 'Core/Works/Qemu cached']);
    expect(leftIn(path.join(dir, '.goldsmith')).filter((name) => name.startsWith('machines'))).toEqual([]);
  }, 90_000);

  test('starts a second machine beside the first, and leaves neither, also when it is cancelled', async () => {
    const over = new AbortController();
    const counts: number[] = [];
    const poll = setInterval(() => {
      counts.push(emulatorsWith(path.join(dir, '.goldsmith')).length);
      if (counts.at(-1) === 2) over.abort(new Error('enough'));
    }, 20);
    try {
      const [, verified] = await build({ uniqueIdentity: true }, over.signal);
      // Both are this very machine, where a run was quick enough to get that far.
      expect(verified).toMatch(/^Core\/Works\/Qemu (cancelled|failed)/);
    } finally {
      clearInterval(poll);
    }
    expect(Math.max(...counts)).toBe(2);
    expect(emulatorsWith(dir)).toEqual([]);
    expect(files()).toEqual(['.goldsmith-unverified-core.qcow2']);
  }, 90_000);
});
