import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { App, Image } from '../../../lib';
import { QemuSource, type QemuSourceProps } from '../../../lib/platforms/qemu';
import { canMount, NO_MOUNTS, SmallDisk } from '../../faults/helpers/mounts';
import { describeIf } from '../../helpers/requires';
import { emulatorsWith, has, hasQemu, INSTALLING, leftIn, makeFolder, makeInstaller, NO_QEMU } from './tools';

describeIf(
  hasQemu && has('xorriso') && canMount,
  `${NO_QEMU}, xorriso; and ${NO_MOUNTS}`,
  'a disk without space',
  () => {
    let dir: string;
    let disk: SmallDisk;
    beforeEach(() => {
      dir = makeFolder();
      makeInstaller(dir);
      disk = SmallDisk.mount(path.join(dir, 'small'), '640m');
    });
    afterEach(() => {
      expect(emulatorsWith(dir)).toEqual([]);
      disk.unmount();
      fs.rmSync(dir, { recursive: true, force: true });
    });

    const props = {
      ...INSTALLING,
      bootSteps: [
        ['<waitFor "Type Install:">', 'until it asks'],
        ['Install:<enter>', 'let it write'],
      ],
      output: '../disk.qcow2',
    } as const satisfies Partial<QemuSourceProps>;

    async function failure(more: Partial<QemuSourceProps>, onBoot?: () => void): Promise<string> {
      const app = new App('acme', { baseDir: path.join(dir, 'small') });
      new QemuSource(new Image(app, 'Iso'), 'Qemu', { ...props, ...more } as QemuSourceProps);
      const report = await app.build({
        env: process.env,
        onEvent: (event) => {
          if (event.type === 'message' && event.text.includes('let it write')) onBoot?.();
        },
      });
      disk.free();
      expect(report.nodes.map(({ state }) => state)).toEqual(['failed']);
      expect(leftIn(path.join(dir, 'small/.goldsmith'))).toEqual([]);
      expect(fs.existsSync(path.join(dir, 'disk.qcow2'))).toBe(false);
      return report.nodes.map(({ error }) => `${error?.code} ${error?.message}`).join('\n');
    }

    test('ends the download of an ISO with what is wrong', async () => {
      const server = http.createServer((_request, response) => void response.end(Buffer.alloc(4 << 20)));
      disk.fillBut(256);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/install.iso`;
        expect(await failure({ iso: url })).toMatch(/^NO_SPACE no space is left/);
      } finally {
        server.close();
      }
    });

    test('ends a machine that cannot write its disk, which would wait for ever', async () => {
      const text = await failure({ iso: '../install.iso' }, () => disk.fillBut(0));
      expect(text).toMatch(/^NO_SPACE a disk of the virtual machine could not be written: No space left on device/);
    });
  },
);
