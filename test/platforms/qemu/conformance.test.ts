import * as fs from 'node:fs';
import * as path from 'node:path';
import { localCommunicator } from '../../../lib/communicators/local';
import type { JsonObject } from '../../../lib/plan/json';
import { qemu, type QemuConfig, type QemuConfigProps } from '../../../lib/platforms/qemu';
import { Qmp } from '../../../lib/platforms/qemu/machine/qmp';
import { describeDriver } from '../../../lib/testing';
import { describeIf } from '../../helpers/requires';
import { checksumOf, has, hasQemu, leftIn, makeDisk, makeFolder, NO_QEMU } from './tools';

/** The real driver. Its guest has nobody who could take a command, so commands go to this machine. */
const subject: typeof qemu = {
  ...qemu,
  load: async (ctx) => {
    const driver = await qemu.load(ctx);
    driver.connect = (_machine, _config, { clock, env }) =>
      Promise.resolve(localCommunicator({ clock, env, cwd: dir }));
    return driver;
  },
};
let dir: string;

type Method = (...args: unknown[]) => Promise<unknown>;

type Subject = Awaited<ReturnType<Parameters<typeof describeDriver<QemuConfigProps, QemuConfig>>[1]>>;

let disk: string;
beforeAll(() => {
  dir = makeFolder();
  disk = makeDisk(path.join(dir, 'idle.img'), 'idle');
});
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

// Real machines, of the smallest kind: their guest is four bytes long and never shuts down by itself.
const subjectOf = (config: JsonObject): Subject => ({
  extension: subject,
  config: {
    image: disk,
    imageFormat: 'raw',
    cloudInit: false,
    communicator: 'none',
    accelerator: 'tcg',
    memory: 16,
    vncPassword: 'planted1',
    shutdownTimeout: '10ms',
    ...config,
  },
  base: { kind: 'image', checksum: checksumOf(disk) },
  env: { PATH: process.env['PATH'] },
  stateDir: dir,
  secrets: ['planted1'],
  places: 8,
  remains: () => Promise.resolve(leftIn(dir)),
  intercept(before) {
    const prototype = Qmp.prototype as unknown as Record<string, Method>;
    const real = prototype['run']!;
    prototype['run'] = async function (this: unknown, ...args) {
      if (args[0] !== 'quit') await before(String(args[0]));
      return real.apply(this, args);
    };
    return () => void (prototype['run'] = real);
  },
});

describeIf(hasQemu, NO_QEMU, 'the conformance of QEMU', () => {
  describeDriver('qemu', () => subjectOf({}));
});

const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd';

describeIf(
  hasQemu && has('swtpm') && fs.existsSync(OVMF),
  `${NO_QEMU}, ovmf and swtpm`,
  'the conformance of QEMU with all that a machine can have',
  () => {
    describeDriver('qemu', () => ({
      ...subjectOf({
        memory: 64,
        secureBoot: true,
        vtpm: true,
        diskInterface: 'virtio-scsi',
        diskSize: '8M',
        diskAdditionalSize: ['4M'],
        cdContent: { 'a.txt': 'a' },
        cdromInterface: 'scsi',
        floppyContent: { 'b.txt': 'b' },
        cloudInit: { config: {} },
        httpContent: { '/c': 'c' },
        portForwards: [{ guestPort: 80 }],
        vncBindAddress: '127.0.0.1',
      }),
      places: 2,
    }));
  },
);
