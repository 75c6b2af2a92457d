import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Artifact, ArtifactFile, ResourceRecord } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';
import { sha256 } from '../plan/digest';
import { renderTemplate } from '../util/template';
import { filesOf, type LocalFile } from './artifact-files';
import { machineOf } from './disks';
import { nameFields, namesKnown } from './naming';
import { VAGRANT_OUTPUT, type VagrantConfig } from './vagrant';
import { architectureOf, hardwareOf, settingsFor } from './vagrant/settings';
import type { BoxInput, BoxMaker, WrittenBox } from './vagrant/box';
import { checkCatalog, writeCatalog } from './vagrant/catalog';
import { dockerBox } from './vagrant/docker';
import { hypervBox } from './vagrant/hyperv';
import type { VagrantProvider } from './vagrant/hardware';
import { libvirtBox, qemuBox } from './vagrant/libvirt';
import { virtualboxBox } from './vagrant/virtualbox';
import { vmwareBox } from './vagrant/vmware';
import { writeBox } from './vagrant/write-box';

const MAKERS: Readonly<Record<VagrantProvider, BoxMaker>> = {
  libvirt: libvirtBox,
  qemu: qemuBox,
  virtualbox: virtualboxBox,
  vmware_desktop: vmwareBox,
  hyperv: hypervBox,
  docker: dockerBox,
};

/** The names of the boxes, as far as they are known before a build. */
export function boxNames(config: VagrantConfig): readonly string[] {
  return (config.providers ?? []).flatMap((provider) => {
    const { output } = settingsFor(config, provider);
    return output === undefined || /\{\{-?\s*\.Buil/.test(output)
      ? []
      : namesKnown(nameFor(output, provider, config, {}));
  });
}

function nameFor(
  output: string,
  provider: VagrantProvider,
  config: VagrantConfig,
  fields: Readonly<Record<string, string>>,
): string {
  return renderTemplate('output', output, { ...fields, Provider: provider, Architecture: architectureOf(config) });
}

/** Makes a box for each provider, and notes them in the catalog. */
export async function writeBoxes(
  config: VagrantConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<Artifact> {
  if (config.catalog) checkCatalog(config.catalog);
  const artifact = inputs[0]!;
  const files = artifact.kind === 'docker-image' ? [] : await filesOf(inputs, 'vagrant', ctx);
  const fields = nameFields(ctx.node.id, ctx.origins);
  const boxes: WrittenBox[] = [];
  const resources: ResourceRecord[] = [];
  let found: ReturnType<typeof machineOf> | undefined;
  for (const provider of config.providers ?? [providerOf(artifact, files)]) {
    const settings = settingsFor(config, provider);
    const output = nameFor(settings.output ?? VAGRANT_OUTPUT, provider, config, fields);
    let folder: string | undefined;
    const input: BoxInput = {
      artifact,
      files,
      name: fields.BuildName,
      architecture: architectureOf(config),
      machine: async () => {
        const disks = await (found ??= machineOf(inputs, 'vagrant', config.inputFormat, ctx));
        return { disks, hardware: hardwareOf(settings.hardware, disks, config) };
      },
      temporary: async () => (folder ??= await fs.mkdtemp(path.join(ctx.tempDir, 'vagrant-'))),
      ctx,
    };
    try {
      const content = await MAKERS[provider](input);
      const { record, size, sha256: sum } = await writeBox(output, { provider, content, settings, config }, ctx);
      boxes.push({ provider, file: { path: output, size, sha256: sum } });
      resources.push(record);
      ctx.say(`wrote ${output}: ${size} bytes`);
    } finally {
      // As large as the disk: not to be kept until the run ends.
      if (folder !== undefined) await fs.rm(folder, { recursive: true, force: true });
    }
  }
  const catalog = config.catalog && (await writeCatalog(config.catalog, boxes, architectureOf(config), ctx));
  return artifactOf(boxes, catalog?.file, catalog ? [...resources, catalog.record] : resources);
}

function artifactOf(
  boxes: readonly WrittenBox[],
  catalog: ArtifactFile | undefined,
  resources: readonly ResourceRecord[],
): Artifact {
  const [first] = boxes;
  return {
    use: 'vagrant',
    kind: 'vagrant-box',
    id: `${first!.file.path}@sha256:${boxes.length === 1 ? first!.file.sha256 : sha256(boxes.map(({ file }) => file.sha256).join('\n'))}`,
    description: `box for ${boxes.map(({ provider }) => provider).join(', ')}`,
    files: [...boxes.map(({ file }) => file), ...(catalog ? [catalog] : [])],
    resources,
    outputs: {
      path: first!.file.path,
      paths: boxes.map(({ file }) => file.path),
      sha256: first!.file.sha256,
      provider: first!.provider,
      boxes: Object.fromEntries(
        boxes.map(({ provider, file }) => [provider, { path: file.path, sha256: file.sha256 }]),
      ),
      ...(catalog && { catalog: catalog.path }),
    },
  };
}

/** What an artifact is a box for, where nothing is said. */
function providerOf({ kind }: Artifact, files: readonly LocalFile[]): VagrantProvider {
  const has = (ending: RegExp): boolean => files.some(({ path: file }) => ending.test(file));
  if (kind === 'docker-image') return 'docker';
  if (has(/\.(ovf|ova)$/i)) return 'virtualbox';
  if (has(/\.vmx$/i)) return 'vmware_desktop';
  return has(/[/\\]Virtual Machines[/\\]/) ? 'hyperv' : 'libvirt';
}
