import { BaseImage, Image, ssh } from '../../../lib';
import { QemuSource, type QemuSourceProps } from '../../../lib/platforms/qemu';
import { PlanAssert, TestApp } from '../../../lib/testing';

const sha256 = `sha256:${'a'.repeat(64)}`;

function planOf(props: QemuSourceProps): PlanAssert {
  const app = new TestApp();
  new QemuSource(new Image(app, 'Core'), 'Qemu', props);
  return PlanAssert.fromApp(app);
}

describe('a QemuSource in the plan', () => {
  test('starts from an image by its checksum; where that is lies in the config', () => {
    planOf({ image: 'debian.qcow2', imageChecksum: sha256 }).hasBuild('qemu', {
      base: { exact: { kind: 'image', checksum: sha256 } },
      config: { image: 'debian.qcow2' },
    });
  });

  test('starts from an installation medium, from several places', () => {
    const iso = ['a.iso', 'https://example.test/a.iso'];
    planOf({ iso, isoChecksum: sha256 }).hasBuild('qemu', {
      base: { exact: { kind: 'iso', checksum: sha256 } },
      config: { iso },
    });
  });

  test("looks a checksum up that is 'none' or in a list", () => {
    planOf({ image: 'debian.qcow2', imageChecksum: 'none' }).hasBuild('qemu', {
      base: { lookup: { kind: 'image', places: ['debian.qcow2'], checksum: 'none' } },
    });
  });

  test('hands its props on to an image that starts from it, but for what that one starts from', () => {
    const app = new TestApp();
    const core = new Image(app, 'Core');
    new QemuSource(core, 'Qemu', { image: 'a.qcow2', imageChecksum: sha256, memory: 2048, output: 'core.qcow2' });
    new QemuSource(new Image(app, 'Web'), 'Qemu', { base: BaseImage.of(core), memory: 2048 });
    PlanAssert.fromApp(app).hasBuild('qemu', { base: { artifact: 'Core/Qemu' }, config: { memory: 2048 } });
  });

  test('takes a communicator', () => {
    planOf({
      image: 'a.qcow2',
      imageChecksum: sha256,
      communicator: ssh({ username: 'debian', timeout: '10m' }),
    }).hasBuild('qemu', { config: { communicator: { type: 'ssh', username: 'debian', timeout: '10m' } } });
  });

  test.each<[string, object, RegExp]>([
    ['without anything to start from', {}, /there is nothing to start from/],
    ['with two things', { image: 'a', imageChecksum: sha256, iso: 'b', isoChecksum: sha256 }, /`image` and `iso`/],
    ['without a checksum', { image: 'a' }, /`imageChecksum` is missing/],
    ['with a checksum of nothing', { base: BaseImage.exact({}), imageChecksum: sha256 }, /`image` is not/],
    ['with a wrong size', { image: 'a', imageChecksum: sha256, diskSize: 'large' }, /diskSize/],
    ['with CPUs that do not add up', { image: 'a', imageChecksum: sha256, cpus: 3, cores: 2 }, /`cpus` is 3/],
    ['with a long VNC password', { image: 'a', imageChecksum: sha256, vncPassword: 'too long for it' }, /at most 8/],
    ['with a low VNC port', { image: 'a', imageChecksum: sha256, vncPortMin: 80 }, /below 5900/],
    ['with both ways to type', { image: 'a', imageChecksum: sha256, bootCommand: [], bootSteps: [] }, /at most one of/],
    ['with an initrd and no kernel', { image: 'a', imageChecksum: sha256, append: 'quiet' }, /`append` needs `kernel`/],
    [
      'with user-data and more besides',
      { image: 'a', imageChecksum: sha256, cloudInit: { userData: '#!', packages: ['curl'] } },
      /`cloudInit.packages` cannot be given besides/,
    ],
    [
      'with a raw disk that shall be compressed',
      { image: 'a', imageChecksum: sha256, format: 'raw', diskCompression: true },
      /`diskCompression` is for qcow2/,
    ],
  ])('%s is refused', (_name, props, message) => {
    expect(() => planOf(props as QemuSourceProps)).toThrow(message);
  });
});
