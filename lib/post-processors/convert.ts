import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../core/post-processor';
import type { PostProcessorExtension } from '../extension/post-processor';
import { props, text, type Rule } from '../extension/props';
import { DISK_ENDINGS, type DiskFormat } from '../host/disk-format';
import type { Text } from '../plan/late';
import { convertDisks, convertedNames } from './convert-run';
import { outputName } from './naming';
import { qemuImgProblems } from './qemu-img-problems';

/** Kinds of a format, for {@link ConvertPostProcessorProps.subformats}. */
export interface ConvertSubformats {
  /** `streamOptimized` is compressed and written once, for OVF and clouds; `monolithicSparse` grows. @default 'monolithicSparse' */
  readonly vmdk?: 'monolithicSparse' | 'streamOptimized';
  /** `fixed` takes its whole size at once, as Azure wants it. @default 'dynamic' */
  readonly vpc?: 'dynamic' | 'fixed';
  /** The same of vhdx. @default 'dynamic' */
  readonly vhdx?: 'dynamic' | 'fixed';
  /** The same of vdi. @default 'dynamic' */
  readonly vdi?: 'dynamic' | 'fixed';
}

/** Props of {@link ConvertPostProcessor}. */
export interface ConvertPostProcessorProps extends PostProcessorProps {
  /** What to make of each disk, one file a format: `qcow2`, `raw`, `vmdk`, `vpc` (which is .vhd), `vhdx`, `vdi`. */
  readonly formats: readonly DiskFormat[];
  /**
   * The file to write, relative to the project. May have `{{.BuildName}}`, `{{.BuilderType}}`, `{{.Format}}` and `{{.Extension}}`; with
   * several formats one of the last two. Further disks go beside it, as `NAME-1.vmdk`.
   * @default 'artifacts/{{.BuildName}}.{{.Extension}}'
   */
  readonly output?: Text;
  /**
   * The format of what is taken.
   * @default - what the artifact says, else by the ending of the file, else by its content
   */
  readonly inputFormat?: DiskFormat;
  /**
   * Compresses what is in the disk, where the format can: qcow2. (A streamOptimized vmdk always is.)
   * @default false
   */
  readonly compress?: boolean;
  /**
   * Leaves out what is zero, so that the file takes no more room than what is in it. Without it every block is written.
   * @default true
   */
  readonly compact?: boolean;
  /**
   * Which kind of a format.
   * @default - the one that grows
   */
  readonly subformats?: ConvertSubformats;
  /**
   * More arguments for `qemu-img convert`.
   * @default - none
   */
  readonly qemuImgArgs?: readonly string[];
}

type OwnConvertProps = Omit<ConvertPostProcessorProps, keyof PostProcessorProps>;

const format = z.enum(Object.keys(DISK_ENDINGS) as [DiskFormat, ...DiskFormat[]]);
const growth = z.enum(['dynamic', 'fixed']).optional();

const schema = props<OwnConvertProps>()(
  {
    formats: z.array(format).min(1),
    output: text().optional(),
    inputFormat: format.optional(),
    compress: z.boolean().optional(),
    compact: z.boolean().optional(),
    subformats: z
      .strictObject({
        vmdk: z.enum(['monolithicSparse', 'streamOptimized']).optional(),
        vpc: growth,
        vhdx: growth,
        vdi: growth,
      })
      .optional(),
    qemuImgArgs: z.array(z.string()).optional(),
  },
  eachOnce,
  namesEach,
  canCompress,
  subformatsOfFormats,
);

/** The output where none is given. */
export const CONVERT_OUTPUT = 'artifacts/{{.BuildName}}.{{.Extension}}';

/**
 * Writes the disks of the artifact in other formats, by `qemu-img`. The artifact it takes is kept, unless `keepInputArtifact` is false.
 *
 * @example
 * new ConvertPostProcessor(web, 'ForVmware', { formats: ['vmdk'], subformats: { vmdk: 'streamOptimized' } });
 */
export class ConvertPostProcessor extends PostProcessor<ConvertPostProcessorProps> {
  constructor(scope: Construct, id: string, props: ConvertPostProcessorProps) {
    super(scope, id, { ...props, output: outputName(scope, id, props, props.output, CONVERT_OUTPUT) }, convert);
  }
}

/** Props of a conversion as its runner gets them. */
export type ConvertConfig = z.output<typeof schema>;

/** Runs {@link ConvertPostProcessor}. */
export const convert: PostProcessorExtension<OwnConvertProps, ConvertConfig> = {
  kind: 'post-processor',
  use: 'convert',
  module: 'goldsmith',
  schema,
  produces: 'files',
  nameProps: ['output', 'formats'],
  keepInput: { default: true },
  preflight: (_config, ctx) => qemuImgProblems('to convert disks', ctx),
  outputs: convertedNames,
  run: convertDisks,
};

type Given = Readonly<Record<string, unknown>>;

function eachOnce({ formats }: Given): ReturnType<Rule> {
  const all = formats as readonly string[];
  const twice = all.find((one, index) => all.indexOf(one) !== index);
  return twice === undefined ? undefined : `\`formats\` has ${twice} twice`;
}

function namesEach({ formats, output }: Given): ReturnType<Rule> {
  if ((formats as readonly string[]).length < 2 || output === undefined) return undefined;
  const name = JSON.stringify(output);
  if (/\{\{-?\s*\.(Format|Extension)\s*-?\}\}/.test(name) || name.includes('"$output"')) return undefined;
  return 'with several `formats`, `output` must have {{.Format}} or {{.Extension}}: each format is a file of its own';
}

function canCompress({ formats, compress }: Given): ReturnType<Rule> {
  if (compress !== true || (formats as readonly string[]).includes('qcow2')) return undefined;
  return `\`compress\` is for qcow2, and \`formats\` are ${(formats as readonly string[]).join(', ')}; a streamOptimized vmdk is compressed without it`;
}

function subformatsOfFormats({ formats, subformats }: Given): ReturnType<Rule> {
  const other = Object.keys((subformats as object | undefined) ?? {}).find(
    (one) => !(formats as readonly string[]).includes(one),
  );
  return other === undefined ? undefined : `\`subformats\` has ${other}, which is not in \`formats\``;
}
