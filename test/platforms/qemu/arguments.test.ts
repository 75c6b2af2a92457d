import { argumentsOf, merged } from '../../../lib/platforms/qemu/machine/arguments';
import { blockNode, imageName, type Layout } from '../../../lib/platforms/qemu/machine/layout';
import { qemuSchema, type QemuConfigProps } from '../../../lib/platforms/qemu/props/qemu-props';

const LAYOUT: Layout = {
  dir: '/state/m',
  sockets: '/tmp/s',
  disks: [
    [
      { file: '/images/base.vmdk', format: 'vmdk' },
      { file: '/state/m/disk0-0.qcow2', format: 'qcow2' },
    ],
  ],
  cds: [],
};

function argsOf(props: QemuConfigProps, layout: Partial<Layout> = {}, accelerator: 'tcg' | 'kvm' = 'tcg'): string {
  return argumentsOf(qemuSchema.parse(props), { ...LAYOUT, ...layout }, accelerator, 'web').join(' ');
}

describe('how QEMU is called', () => {
  test('without any props: a small machine that only this user can reach', () => {
    const args = argsOf({});
    expect(args).toContain('-machine pc -accel tcg,thread=multi');
    expect(args).toContain('-smp cpus=1 -m 1024');
    expect(args).toContain('-display none -vnc unix:/tmp/s/vnc');
    expect(args).toContain('-netdev user,id=net0,hostfwd=tcp:127.0.0.1:0-:22');
    expect(args).toContain('-qmp unix:/tmp/s/qmp,server=on,wait=off');
  });

  test('with a chain of disks: all but the last are only read', () => {
    const node = blockNode(LAYOUT.disks[0]!, 'disk0', { discard: 'unmap' });
    expect(node).toMatchObject({ driver: 'qcow2', discard: 'unmap' });
    expect(node['read-only']).toBeUndefined();
    expect(node['backing']).toMatchObject({ driver: 'vmdk', 'read-only': true });
    expect(JSON.parse(imageName(LAYOUT.disks[0]!).slice('json:'.length))).toMatchObject({
      driver: 'qcow2',
      file: { filename: '/state/m/disk0-0.qcow2' },
      backing: { driver: 'vmdk', file: { filename: '/images/base.vmdk' } },
    });
  });

  test.each([
    ['virtio', 'virtio-blk-pci,drive=disk0'],
    ['virtio-scsi', '-device virtio-scsi-pci,id=scsi0'],
    ['scsi', '-device lsi53c895a,id=scsi0'],
    ['sata', 'ide-hd,bus=ahci0.0,drive=disk0'],
    ['ide', 'ide-hd,drive=disk0'],
    ['nvme', 'nvme,serial=goldsmith-0,drive=disk0'],
  ] as const)('with disks on %s', (diskInterface, expected) => {
    expect(argsOf({ diskInterface })).toContain(expected);
  });

  test('with firmware, TPM, ports, screen and direct boot', () => {
    expect(argsOf({ secureBoot: true }, { efi: { code: '/c.fd', vars: '/v.fd' } })).toMatch(
      /-machine q35,smm=on.*if=pflash,format=raw,unit=0,readonly=on,file=\/c\.fd.*property=secure,value=on/,
    );
    expect(argsOf({ vtpm: true })).toContain('-tpmdev emulator,id=tpm,chardev=tpm0 -device tpm-tis,tpmdev=tpm');
    expect(argsOf({ portForwards: [{ guestPort: 80, hostPort: 8080 }] })).toContain('hostfwd=tcp:127.0.0.1:8080-:80');
    expect(argsOf({ vncBindAddress: '0.0.0.0', vncPortMin: 5910, vncPassword: 'x' })).toContain(
      '-vnc 0.0.0.0:10,to=100,password=on',
    );
    expect(argsOf({ headless: false, display: 'gtk' })).toContain('-display gtk');
    expect(argsOf({ kernel: '/k', initrd: '/i', append: 'quiet' })).toContain('-kernel /k -initrd /i -append quiet');
  });

  test('with CPUs by their parts', () => {
    expect(argsOf({ sockets: 2, cores: 2, threads: 2 })).toContain('-smp cpus=8,sockets=2,cores=2,threads=2');
    expect(argsOf({}, {}, 'kvm')).toContain('-accel kvm -cpu host');
  });

  test('with a comma in a path, which would end the option', () => {
    expect(argsOf({}, { sockets: '/tmp/a,b' })).toContain('unix:/tmp/a,,b/qmp');
  });

  test('with options of the user: single ones replace ours, others are added', () => {
    expect(
      merged(
        [
          ['m', '1024'],
          ['device', 'a'],
        ],
        [['-m', '64'], ['device', 'b'], ['-snapshot']],
      ),
    ).toEqual([['device', 'a'], ['m', '64'], ['device', 'b'], ['snapshot']]);
  });
});
