import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact, ProcessContext } from '../../lib/extension';
import { vagrant, type VagrantConfig } from '../../lib/post-processors/vagrant';
import { has, run as tool } from '../helpers/programs';
import { describeIf } from '../helpers/requires';
import { filesArtifact, IMAGE, makeDisk, processContext, temporaryFolder, type TestProcessContext } from './support';

const root = temporaryFolder();
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(root, 'v-'));
});

const at = (name: string): string => path.join(folder, name);
const arch = process.arch === 'x64' ? 'amd64' : process.arch;

async function run(
  config: VagrantConfig,
  input: Artifact,
  changes: Partial<ProcessContext> = {},
): Promise<{ readonly artifact: Artifact; readonly ctx: TestProcessContext }> {
  const ctx = processContext(folder, [input], changes);
  try {
    return { artifact: (await vagrant.run(config, [input], ctx))!, ctx };
  } finally {
    ctx.end();
  }
}

const list = (box: string): string[] => tool('tar', '-tf', at(box)).trim().split('\n');
const read = (box: string, name: string): string => tool('tar', '-xOf', at(box), name);
const metadata = (box: string): unknown => JSON.parse(read(box, 'metadata.json'));

/** Unpacks one file of a box. */
function take(box: string, name: string): string {
  tool('tar', '-xf', at(box), '-C', folder, name);
  return at(name);
}

/** What a Python program prints that has the XML document `root`. */
function inXml(file: string, program: string): unknown {
  const script = `import json, sys\nfrom xml.etree import ElementTree\nroot = ElementTree.parse(sys.argv[1]).getroot()\nprint(json.dumps(${program}))`;
  return JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
}

/** The machine that QEMU's platform makes. */
function qemuMachine(): Artifact {
  makeDisk(folder, 'disk.raw');
  tool('qemu-img', 'convert', '-O', 'qcow2', at('disk.raw'), at('web.qcow2'));
  return {
    ...filesArtifact(folder, 'web.qcow2'),
    kind: 'qemu-disk',
    outputs: { path: 'web.qcow2', format: 'qcow2', disks: [] },
  };
}

function isDisk(file: string, format: string): void {
  expect(tool('qemu-img', 'check', '-f', format, file)).toMatch(/No errors/);
  expect(tool('qemu-img', 'compare', '-f', 'raw', '-F', format, at('disk.raw'), file)).toMatch(/identical/);
}

const ready = has('qemu-img') && has('mkfs.ext4') && has('python3');
describeIf(ready, 'it needs qemu-utils, e2fsprogs and python3', 'a box of a disk', () => {
  test('libvirt gets the qcow2 as it is, with the size in whole GiB', async () => {
    const { artifact, ctx } = await run({}, qemuMachine());
    const box = `artifacts/web-docker-libvirt-${arch}.box`;
    expect(artifact.files.map((file) => file.path)).toEqual([box]);
    expect(artifact).toMatchObject({
      use: 'vagrant',
      kind: 'vagrant-box',
      outputs: { provider: 'libvirt', path: box },
    });
    expect(list(box)).toEqual(['metadata.json', 'Vagrantfile', 'box.img']);
    expect(metadata(box)).toEqual({ provider: 'libvirt', architecture: arch, format: 'qcow2', virtual_size: 1 });
    expect(fs.readFileSync(take(box, 'box.img')).equals(fs.readFileSync(at('web.qcow2')))).toBe(true);
    expect(tool('sha256sum', at(box)).split(' ')[0]).toBe(artifact.files[0]!.sha256);
    const { size } = fs.statSync(at('web.qcow2'));
    expect(ctx.progressed.at(-1)).toEqual({
      label: `box ${path.basename(box)}`,
      current: size,
      total: size,
      unit: 'bytes',
    });
  });

  test('several disks are listed, and another format becomes qcow2', async () => {
    makeDisk(folder, 'disk.raw');
    tool('qemu-img', 'create', '-q', '-f', 'raw', at('data.raw'), '8M');
    const { artifact } = await run(
      {
        providers: ['libvirt', 'qemu'],
        output: '{{.Provider}}.box',
        hardware: { memory: 2048, cpus: 2, diskBus: 'scsi' },
      },
      filesArtifact(folder, 'disk.raw', 'data.raw'),
    );
    expect(artifact.outputs['boxes']).toMatchObject({ libvirt: { path: 'libvirt.box' }, qemu: { path: 'qemu.box' } });
    for (const provider of ['libvirt', 'qemu']) {
      const box = `${provider}.box`;
      expect(list(box)).toEqual(['metadata.json', 'Vagrantfile', 'box_0.img', 'box_1.img']);
      expect(metadata(box)).toEqual({
        provider,
        architecture: arch,
        format: 'qcow2',
        virtual_size: 1,
        disks: [
          { path: 'box_0.img', format: 'qcow2' },
          { path: 'box_1.img', format: 'qcow2' },
        ],
      });
      isDisk(take(box, 'box_0.img'), 'qcow2');
    }
    expect(read('libvirt.box', 'Vagrantfile')).toContain('provider.disk_bus = "scsi"');
    expect(read('qemu.box', 'Vagrantfile')).toContain('provider.memory = "2048M"');
    expect(fs.readdirSync(at('temp'))).toEqual([]);
  });

  test('VirtualBox gets an OVF that describes a streamOptimized disk', async () => {
    await run(
      { providers: ['virtualbox'], output: 'vb.box', hardware: { memory: 512, firmware: 'uefi' } },
      qemuMachine(),
    );
    expect(list('vb.box')).toEqual(['metadata.json', 'Vagrantfile', 'box.ovf', 'box-disk001.vmdk']);
    const disk = take('vb.box', 'box-disk001.vmdk');
    isDisk(disk, 'vmdk');
    expect(fs.readFileSync(disk).toString('latin1', 512, 2048)).toMatch(/streamOptimized[^]*"box-disk001.vmdk"/);
    const names = `[[e.tag.split('}')[1], {k.split('}')[1]: v for k, v in e.attrib.items()}] for e in root.iter() if e.tag.endswith('}File') or e.tag.endswith('}Disk')]`;
    expect(inXml(take('vb.box', 'box.ovf'), names)).toEqual([
      ['File', { id: 'file1', href: 'box-disk001.vmdk', size: String(fs.statSync(disk).size) }],
      [
        'Disk',
        {
          capacity: String(33 * 1024 * 1024 + 512),
          diskId: 'vmdisk1',
          fileRef: 'file1',
          format: 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized',
        },
      ],
    ]);
    const items = `[{e.tag.split('}')[1]: e.text for e in item} for item in root.iter() if item.tag.endswith('}Item')]`;
    expect(inXml(at('box.ovf'), items)).toMatchObject([
      { ResourceType: '3', VirtualQuantity: '1' },
      { ResourceType: '4', VirtualQuantity: '512' },
      { ResourceType: '20', ResourceSubType: 'AHCI', InstanceID: '3' },
      { ResourceType: '10', Connection: 'NAT' },
      { ResourceType: '17', HostResource: '/disk/vmdisk1', Parent: '3' },
    ]);
    expect(read('vb.box', 'Vagrantfile')).toMatch(/config.vm.base_mac = "080027[0-9A-F]{6}"[^]*"--firmware", "efi"/);
  });

  test('VMware gets a .vmx whose disk it can write to, Hyper-V its folders', async () => {
    const config = {
      providers: ['vmware_desktop', 'hyperv'],
      output: '{{.Provider}}.box',
      hardware: { cpus: 3 },
    } as const;
    await run({ ...config, providers: [...config.providers] }, qemuMachine());
    expect(list('vmware_desktop.box')).toEqual(['metadata.json', 'Vagrantfile', 'box.vmx', 'disk-0.vmdk']);
    isDisk(take('vmware_desktop.box', 'disk-0.vmdk'), 'vmdk');
    expect(fs.readFileSync(at('disk-0.vmdk')).toString('latin1', 512, 2048)).toMatch(/monolithicSparse[^]*"lsilogic"/);
    const vmx = read('vmware_desktop.box', 'box.vmx');
    expect(vmx).toContain('sata0:0.fileName = "disk-0.vmdk"\n');
    expect(vmx).toContain('numvcpus = "3"\n');
    const disk = 'Virtual Hard Disks/disk.vhdx';
    expect(list('hyperv.box')).toEqual(['metadata.json', 'Vagrantfile', 'Virtual Machines/box.xml', disk]);
    isDisk(take('hyperv.box', disk), 'vhdx');
    // What Vagrant's PowerShell asks of it: an element without attributes has no #text there.
    const asked = `[root.findtext('properties/subtype'), [e.findtext('.//size') for e in root.iter('memory')], root.findtext('settings/processors/count'), [e.findtext('device0') for e in root.iter('boot')], [d.findtext('type') for c in root.iter('controller0') for d in c], [e.tag for e in root.iter() if e.text and e.text.strip() and not e.attrib]]`;
    expect(inXml(take('hyperv.box', 'Virtual Machines/box.xml'), asked)).toEqual([
      '0',
      ['1024'],
      '3',
      ['HardDrive'],
      ['VHD'],
      [],
    ]);
  });

  test('the same disk gives the same bytes in every box', async () => {
    const all = ['libvirt', 'qemu', 'virtualbox', 'vmware_desktop', 'hyperv'] as const;
    const config: VagrantConfig = { providers: [...all], output: '{{.Provider}}.box' };
    const input = qemuMachine();
    const make = async (): Promise<readonly unknown[]> => {
      const { artifact } = await run(config, input);
      return artifact.files.map(({ sha256 }) => sha256);
    };
    const first = await make();
    const disk = at('web.qcow2');
    folder = fs.mkdtempSync(path.join(root, 'again-'));
    fs.copyFileSync(disk, at('web.qcow2'));
    fs.chmodSync(at('web.qcow2'), 0o600);
    expect(await make()).toEqual(first);
    expect(new Set(first).size).toBe(5);
  });

  test('what the user adds: files, folders, Vagrantfile, info, level, each also for one provider', async () => {
    fs.mkdirSync(at('keys'));
    fs.writeFileSync(at('keys/run.sh'), '#!/bin/sh\n', { mode: 0o750 });
    fs.writeFileSync(at('LICENSE'), 'free');
    fs.writeFileSync(at('own.rb'), '# for all\n');
    const config: VagrantConfig = {
      providers: ['libvirt', 'qemu'],
      output: '{{.Provider}}-{{.Architecture}}.box',
      architecture: 'arm64',
      include: [at('keys'), at('LICENSE')],
      vagrantfileTemplate: at('own.rb'),
      info: { author: 'Acme' },
      compressionLevel: 9,
      overrides: { qemu: { output: 'own.box', vagrantfile: '# for qemu\n', include: [], compressionLevel: 0 } },
    };
    const { artifact } = await run(config, qemuMachine());
    expect(artifact.files.map((file) => file.path)).toEqual(['libvirt-arm64.box', 'own.box']);
    expect(list('libvirt-arm64.box')).toEqual([
      'metadata.json',
      'Vagrantfile',
      'info.json',
      'box.img',
      'keys',
      'keys/run.sh',
      'LICENSE',
    ]);
    expect(read('libvirt-arm64.box', 'Vagrantfile')).toBe('# for all\n');
    expect(JSON.parse(read('libvirt-arm64.box', 'info.json'))).toEqual({ author: 'Acme' });
    expect(metadata('own.box')).toMatchObject({ architecture: 'arm64' });
    expect(tool('tar', '-tvf', at('libvirt-arm64.box'))).toMatch(/-rwxr-xr-x root\/root|-rwxr-xr-x 0\/0/);
    expect(list('own.box')).toEqual(['metadata.json', 'Vagrantfile', 'info.json', 'box.img']);
    expect(read('own.box', 'Vagrantfile')).toBe('# for qemu\n');
    const magic = (box: string): string => fs.readFileSync(at(box)).toString('hex', 0, 2);
    expect([magic('libvirt-arm64.box'), magic('own.box')]).toEqual(['1f8b', '6d65']);
    await expect(
      run({ ...config, include: [at('own.rb'), `${at('own.rb')}`], overrides: {} }, qemuMachine()),
    ).rejects.toThrow('two files of the box would be called own.rb');
  });

  test('Hyper-V takes one disk only, and says so', async () => {
    makeDisk(folder, 'a.raw');
    makeDisk(folder, 'b.raw');
    await expect(run({ providers: ['hyperv'] }, filesArtifact(folder, 'a.raw', 'b.raw'))).rejects.toMatchObject({
      code: 'INCOMPATIBLE_INPUT',
      message: expect.stringContaining('takes one disk') as string,
    });
    expect(fs.readdirSync(at('temp'))).toEqual([]);
  });

  const home = (): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    HOME: folder,
    LANG: 'C.UTF-8',
    VAGRANT_HOME: at('vagrant.d'),
    VAGRANT_CHECKPOINT_DISABLE: '1',
    VAGRANT_BOX_UPDATE_CHECK_DISABLE: '1',
  });
  const vagrantTool = (...args: string[]): string =>
    execFileSync('vagrant', args, { cwd: folder, env: home(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  describeIf(has('vagrant'), 'there is no vagrant', 'with Vagrant itself', () => {
    test('`vagrant box add` takes the box of every provider from the catalog, by its checksum, and one from its file', async () => {
      const all = ['libvirt', 'qemu', 'virtualbox', 'vmware_desktop', 'hyperv'] as const;
      const catalog = { name: 'acme/web', version: '1.2.0' };
      const input = qemuMachine();
      const { artifact } = await run({ providers: [...all], info: { author: 'Acme' }, catalog }, input);
      for (const provider of all) {
        vagrantTool('box', 'add', '--provider', provider, artifact.outputs['catalog'] as string);
      }
      vagrantTool('box', 'add', '--name', 'from-file', artifact.outputs['path'] as string);
      await run({ output: 'docker.box' }, { ...IMAGE, outputs: { imageId: 'sha256:abc' } });
      vagrantTool('box', 'add', '--name', 'image', 'docker.box');
      const listed = vagrantTool('box', 'list', '-i');
      expect(listed).toMatch(/^image +\(docker, 0[,)]/m);
      expect(listed).toMatch(/^from-file +\(libvirt, 0[,)]/m);
      for (const provider of all) {
        expect(listed).toMatch(new RegExp(`^acme/web +\\(${provider}, 1.2.0[,)]`, 'm'));
      }
      expect(listed).toContain('author: Acme');
      const added = at('vagrant.d/boxes/acme-VAGRANTSLASH-web/1.2.0/libvirt/box.img');
      expect(fs.readFileSync(added).equals(fs.readFileSync(at('web.qcow2')))).toBe(true);
    }, 120_000);

    test('what is written for Vagrant to run is Ruby', async () => {
      const providers: VagrantConfig['providers'] = ['libvirt', 'qemu', 'virtualbox'];
      const hardware = { memory: 2048, cpus: 2, firmware: 'uefi' } as const;
      const vagrantfile = 'Vagrant.configure("2") { |config| config.ssh.username = "debian" }\n';
      await run(
        { providers, hardware, vagrantfile, architecture: 'amd64', output: '{{.Provider}}.box' },
        qemuMachine(),
      );
      for (const provider of providers) {
        expect(tool('ruby', '-c', take(`${provider}.box`, 'Vagrantfile'))).toContain('Syntax OK');
        expect(read(`${provider}.box`, 'Vagrantfile')).toMatch(/config.vm.provider :\w+[^]*username = "debian"/);
      }
    });

    test('a damaged box is refused by the checksum of the catalog; a later version is the one that is taken', async () => {
      const catalog = { name: 'acme/web', version: '1.2.0', output: 'web.json' };
      const input = qemuMachine();
      await run({ output: 'old.box', catalog }, input);
      await run({ output: 'new.box', catalog: { ...catalog, version: '1.10.0', description: 'Web' } }, input);
      vagrantTool('box', 'add', 'web.json');
      expect(vagrantTool('box', 'list')).toMatch(/acme\/web +\(libvirt, 1.10.0[,)]/);
      fs.appendFileSync(at('old.box'), 'x');
      expect(() => vagrantTool('box', 'add', '--box-version', '1.2.0', 'web.json')).toThrow(/checksum/);
    }, 60_000);
  });
});

describe('a machine that another program exported', () => {
  test('an OVF becomes box.ovf beside its disks, an OVA is unpacked first', async () => {
    fs.writeFileSync(
      at('web.ovf'),
      '<Envelope><Adapter MACAddress="080027ABCDEF"/><File href="web-disk1.vmdk"/></Envelope>',
    );
    fs.writeFileSync(at('web-disk1.vmdk'), 'disk');
    fs.writeFileSync(at('web.mf'), 'SHA1 (web.ovf) = 0');
    tool('tar', '--format=ustar', '-C', folder, '-cf', at('web.ova'), 'web.ovf', 'web-disk1.vmdk', 'web.mf');
    await run({ output: 'ovf.box' }, filesArtifact(folder, 'web.ovf', 'web-disk1.vmdk', 'web.mf'));
    await run({ output: 'ova.box' }, filesArtifact(folder, 'web.ova'));
    for (const box of ['ovf.box', 'ova.box']) {
      expect(list(box).sort()).toEqual(['Vagrantfile', 'box.ovf', 'metadata.json', 'web-disk1.vmdk']);
      expect(metadata(box)).toEqual({ provider: 'virtualbox', architecture: arch });
      expect(read(box, 'Vagrantfile')).toContain('config.vm.base_mac = "080027ABCDEF"');
      expect(read(box, 'web-disk1.vmdk')).toBe('disk');
    }
  });

  test("VMware's and Hyper-V's own files are taken as they are", async () => {
    for (const name of ['web.vmx', 'web.vmdk', 'web.nvram', 'vmware.log']) fs.writeFileSync(at(name), name);
    await run({ output: 'vmx.box' }, filesArtifact(folder, 'web.vmx', 'web.vmdk', 'web.nvram', 'vmware.log'));
    expect(list('vmx.box')).toEqual(['metadata.json', 'Vagrantfile', 'web.vmx', 'web.vmdk', 'web.nvram']);
    for (const name of ['Virtual Machines/1.vmcx', 'Virtual Hard Disks/web.vhdx', 'Snapshots/x']) {
      fs.mkdirSync(at(`out/${path.dirname(name)}`), { recursive: true });
      fs.writeFileSync(at(`out/${name}`), name);
    }
    await run({ output: 'hv.box' }, filesArtifact(folder, 'out'));
    expect(list('hv.box')).toEqual([
      'metadata.json',
      'Vagrantfile',
      'Virtual Hard Disks/web.vhdx',
      'Virtual Machines/1.vmcx',
    ]);
    expect(metadata('hv.box')).toMatchObject({ provider: 'hyperv' });
  });
});

test('a Docker image is named by its box, and nothing else is in it', async () => {
  const image = { ...IMAGE, outputs: { imageId: 'sha256:abc', tags: ['acme/web:1', 'acme/web:"2"'] } };
  await run({ output: 'docker.box' }, image);
  expect(list('docker.box')).toEqual(['metadata.json', 'Vagrantfile']);
  expect(read('docker.box', 'Vagrantfile')).toContain('config.vm.provider :docker do |provider|');
  expect(read('docker.box', 'Vagrantfile')).toContain('provider.image = "acme/web:\\"2\\""');
  await expect(run({ providers: ['docker'] }, { ...IMAGE, kind: 'docker-export' })).rejects.toMatchObject({
    code: 'INCOMPATIBLE_INPUT',
  });
  await expect(run({ providers: ['libvirt'] }, IMAGE)).rejects.toMatchObject({ code: 'INCOMPATIBLE_INPUT' });
});

describe('the catalog', () => {
  const base = { ...IMAGE, outputs: { imageId: 'sha256:abc' } };
  const catalog = { name: 'acme/web', version: '1.0.0', url: 'https://boxes.acme.test/web/' };

  test('keeps what others wrote, and replaces what is written anew', async () => {
    await run({ output: 'a b.box', architecture: 'amd64', catalog }, base);
    await run({ output: 'arm.box', architecture: 'arm64', catalog }, base);
    fs.rmSync(at('a b.box'));
    await run({ output: 'a b.box', architecture: 'amd64', catalog: { ...catalog, description: 'Web' } }, base);
    const { versions, ...rest } = JSON.parse(fs.readFileSync(at('artifacts/acme-web.json'), 'utf8')) as {
      versions: { version: string; providers: unknown[] }[];
    };
    expect(rest).toEqual({ name: 'acme/web', description: 'Web' });
    expect(versions).toMatchObject([
      {
        version: '1.0.0',
        status: 'active',
        providers: [
          {
            name: 'docker',
            architecture: 'amd64',
            url: 'https://boxes.acme.test/web/a%20b.box',
            checksum_type: 'sha256',
          },
          { name: 'docker', architecture: 'arm64', url: 'https://boxes.acme.test/web/arm.box' },
        ],
      },
    ]);
  });

  test('a file that is no catalog of this box is left alone; a version that is none is refused', async () => {
    fs.writeFileSync(at('web.json'), '{"name": "other"}');
    await expect(run({ output: 'a.box', catalog: { ...catalog, output: 'web.json' } }, base)).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
    });
    await expect(run({ output: 'b.box', catalog: { ...catalog, version: 'latest' } }, base)).rejects.toThrow(
      'no version',
    );
  });
});

test('before a build, a qemu-img that is not there is named, and the names that will be written are known', async () => {
  const ctx = processContext(folder, [], { env: { PATH: folder } });
  expect(await vagrant.preflight!({ providers: ['virtualbox'] }, ctx)).toMatchObject([
    { code: 'PLATFORM_UNAVAILABLE' },
  ]);
  expect(await vagrant.preflight!({ providers: ['docker'] }, ctx)).toEqual([]);
  expect(
    vagrant.outputs!({
      providers: ['libvirt', 'hyperv'],
      output: 'web-{{.Provider}}-{{.Architecture}}.box',
      overrides: { hyperv: { output: 'hv.box' } },
    }),
  ).toEqual([`web-libvirt-${arch}.box`, 'hv.box']);
});

test.each<[string, object, string]>([
  ['a provider that is not known', { providers: ['xen'] }, 'Invalid option'],
  ['a provider twice', { providers: ['qemu', 'qemu'] }, 'has qemu twice'],
  ['one name for two boxes', { providers: ['qemu', 'libvirt'], output: 'a.box' }, 'must have {{.Provider}}'],
  ['two Vagrantfiles', { vagrantfile: 'x', vagrantfileTemplate: 'y' }, 'at most one of'],
  ['virtio where there is none', { providers: ['virtualbox'], hardware: { diskBus: 'virtio' } }, 'does not have'],
  ['a provider that no box is made for', { providers: ['qemu'], overrides: { hyperv: {} } }, 'not in `providers`'],
  ['a level above 9', { compressionLevel: 10 }, 'Too big'],
])('%s is refused at synth', (_what, config, message) => {
  const result = vagrant.schema.safeParse(config);
  expect(result.error?.issues.map((issue) => issue.message).join()).toContain(message);
});
