import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../core/post-processor';
import type { PostProcessorExtension } from '../extension/post-processor';
import { asset, atMostOne, props, text, textMap } from '../extension/props';
import { DISK_ENDINGS, type DiskFormat } from '../host/disk-format';
import type { Text } from '../plan/late';
import { outputName } from './naming';
import { qemuImgProblems } from './qemu-img-problems';
import { boxNames, writeBoxes } from './vagrant-run';
import { catalogSchema, type VagrantCatalog } from './vagrant/catalog';
import { hardwareSchema, VAGRANT_PROVIDERS, type VagrantHardware, type VagrantProvider } from './vagrant/hardware';
import { busesFit, namesEachBox, overridesOfProviders } from './vagrant/rules';

/** What may be said for one provider alone: Packer's `override`. */
export interface VagrantOverride {
  /** As the prop of that name. @default - what is said for all */
  readonly output?: Text;
  /** As the prop of that name. @default - what is said for all */
  readonly compressionLevel?: number;
  /** As the prop of that name. @default - what is said for all */
  readonly include?: readonly Text[];
  /** As the prop of that name. @default - what is said for all */
  readonly vagrantfileTemplate?: Text;
  /** As the prop of that name. @default - what is said for all */
  readonly vagrantfile?: Text;
  /** As the prop of that name, member by member. @default - what is said for all */
  readonly hardware?: VagrantHardware;
}

/** What is said for single providers. */
export interface VagrantOverrides {
  /** For vagrant-libvirt. @default - what is said for all */
  readonly libvirt?: VagrantOverride;
  /** For vagrant-qemu. @default - what is said for all */
  readonly qemu?: VagrantOverride;
  /** For VirtualBox. @default - what is said for all */
  readonly virtualbox?: VagrantOverride;
  /** For VMware Workstation and Fusion. @default - what is said for all */
  readonly vmware_desktop?: VagrantOverride;
  /** For Hyper-V. @default - what is said for all */
  readonly hyperv?: VagrantOverride;
  /** For Docker. @default - what is said for all */
  readonly docker?: VagrantOverride;
}

/** Props of {@link VagrantPostProcessor}. */
export interface VagrantPostProcessorProps extends PostProcessorProps {
  /**
   * Which providers to make a box for, each a file of its own: `libvirt`, `qemu`, `virtualbox`, `vmware_desktop`, `hyperv`, `docker`.
   * @default - by the artifact: docker for an image of an engine, virtualbox for an .ova or .ovf, vmware_desktop for a .vmx, hyperv for an exported machine, else libvirt
   */
  readonly providers?: readonly VagrantProvider[];
  /**
   * The file to write, relative to the project. May have `{{.BuildName}}`, `{{.BuilderType}}`, `{{.Provider}}` and `{{.Architecture}}`;
   * with several providers `{{.Provider}}` must be in it.
   * @default 'artifacts/{{.BuildName}}-{{.Provider}}-{{.Architecture}}.box'
   */
  readonly output?: Text;
  /**
   * From 1 (fast) to 9 (small); 0 for a tar that is not compressed, -1 for what gzip does.
   * @default -1
   */
  readonly compressionLevel?: number;
  /**
   * Files and folders that go into the root of the box, by their names.
   * @default - none
   */
  readonly include?: readonly Text[];
  /**
   * A file whose text ends the Vagrantfile of the box, after the provider's part.
   * @default - none
   */
  readonly vagrantfileTemplate?: Text;
  /**
   * The same as a text.
   * @default - none
   */
  readonly vagrantfile?: Text;
  /**
   * Architecture that the box says it is for, by Go's names: `amd64`, `arm64`, `i386`.
   * @default - that of the machine that goldsmith runs on
   */
  readonly architecture?: string;
  /**
   * The format of the disk that is taken.
   * @default - what the artifact says, else by the ending of the file, else by its content
   */
  readonly inputFormat?: DiskFormat;
  /**
   * The machine around the disk, where the artifact is but a disk.
   * @default - see its members
   */
  readonly hardware?: VagrantHardware;
  /**
   * What `vagrant box list -i` shows of the box: info.json.
   * @default - none
   */
  readonly info?: Readonly<Record<string, Text>>;
  /**
   * Writes the boxes into a catalog, which `vagrant box add` takes by its file or address, with versions and checksums.
   * @default - none
   */
  readonly catalog?: VagrantCatalog;
  /**
   * What is otherwise for single providers.
   * @default - none
   */
  readonly overrides?: VagrantOverrides;
}

type OwnVagrantProps = Omit<VagrantPostProcessorProps, keyof PostProcessorProps>;

const shared = {
  output: text().optional(),
  compressionLevel: z.number().int().min(-1).max(9).optional(),
  include: z.array(asset('any')).optional(),
  vagrantfileTemplate: asset().optional(),
  vagrantfile: text().optional(),
  hardware: hardwareSchema.optional(),
} as const;
const override = z.strictObject(shared).optional();

const schema = props<OwnVagrantProps>()(
  {
    ...shared,
    providers: z.array(z.enum(VAGRANT_PROVIDERS)).min(1).optional(),
    architecture: z
      .string()
      .regex(/^[a-z0-9_]+$/, 'a name such as `amd64` or `arm64`')
      .optional(),
    inputFormat: z.enum(Object.keys(DISK_ENDINGS) as [DiskFormat, ...DiskFormat[]]).optional(),
    info: textMap().optional(),
    catalog: catalogSchema.optional(),
    overrides: z
      .strictObject({
        libvirt: override,
        qemu: override,
        virtualbox: override,
        vmware_desktop: override,
        hyperv: override,
        docker: override,
      })
      .optional(),
  },
  atMostOne('vagrantfile', 'vagrantfileTemplate'),
  namesEachBox,
  busesFit,
  overridesOfProviders,
);

/** The output where none is given. */
export const VAGRANT_OUTPUT = 'artifacts/{{.BuildName}}-{{.Provider}}-{{.Architecture}}.box';

/**
 * Makes Vagrant boxes of the artifact. It is deleted then, unless `keepInputArtifact` is true; an image of a Docker Engine is kept, since
 * its box only names it.
 *
 * @example
 * new VagrantPostProcessor(web, 'Box', { providers: ['libvirt', 'virtualbox'], catalog: { name: 'acme/web', version: '1.4.0' } });
 */
export class VagrantPostProcessor extends PostProcessor<VagrantPostProcessorProps> {
  constructor(scope: Construct, id: string, props: VagrantPostProcessorProps = {}) {
    super(scope, id, { ...props, output: outputName(scope, id, props, props.output, VAGRANT_OUTPUT) }, vagrant);
  }
}

/** Props of a box as its runner gets them. */
export type VagrantConfig = z.output<typeof schema>;

/** Runs {@link VagrantPostProcessor}. */
export const vagrant: PostProcessorExtension<OwnVagrantProps, VagrantConfig> = {
  kind: 'post-processor',
  use: 'vagrant',
  module: 'goldsmith',
  schema,
  produces: 'vagrant-box',
  nameProps: ['output', 'providers', 'architecture'],
  keepInput: { default: false, keeps: ['docker-image'] },
  preflight: async ({ providers = [] }, ctx) =>
    providers.some((one) => one !== 'docker') ? qemuImgProblems('to read disks and write boxes', ctx) : [],
  outputs: boxNames,
  run: writeBoxes,
};
