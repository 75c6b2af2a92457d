import type { Construct } from 'constructs';
import { z } from 'zod';
import { Asset } from '../core/asset';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { props, text, type Rule } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { download } from './file-download';
import { upload } from './file-upload';

/** Props of {@link FileProvisioner}. Either `source` and `sources`, or `content`. */
export interface FileProvisionerProps extends ProvisionerProps {
  /**
   * What to copy: a file or folder of this machine, relative to the program; of the other machine for a download. A folder is
   * copied as a whole; with a slash at its end, only what is in it.
   * @default - `sources` or `content` says what to copy
   */
  readonly source?: Text;
  /**
   * Several of them, copied in this order. Where `source` is given too, it comes after them.
   * @default - `source` or `content` says what to copy
   */
  readonly sources?: readonly Text[];
  /**
   * A text that the file shall hold.
   * @default - `source` or `sources` says what to copy
   */
  readonly content?: Text;
  /** Where it goes: the file's full path, or with a slash at its end the folder that takes it. */
  readonly destination: Text;
  /**
   * Which way: to the machine, or from it.
   * @default 'upload'
   */
  readonly direction?: 'upload' | 'download';
  /**
   * The source comes into being only while the run goes on: it is looked for when the step runs, not at synth, and
   * changes of it do not make the build run again.
   * @default false
   */
  readonly generated?: boolean;
}

const sourceRule: Rule = ({ source, sources, content, direction }) => {
  const files = source !== undefined || sources !== undefined;
  if (!files && content === undefined) return 'one of `source`, `sources` and `content` is needed, none is given';
  if (files && content !== undefined) return '`content` cannot be given together with `source` or `sources`';
  if (content !== undefined && direction === 'download')
    return '`content` can be uploaded only: `direction` is "download"';
  return undefined;
};

const destinationRule: Rule = ({ content, destination }) => {
  if (content === undefined || typeof destination !== 'string' || !destination.endsWith('/')) return undefined;
  return `\`destination\` is ${JSON.stringify(destination)}, a folder, but \`content\` has no name of its own: write the file's full path`;
};

const schema = props<OwnProps<FileProvisionerProps>>()(
  {
    source: text().optional(),
    sources: z.array(text()).min(1).optional(),
    content: text().optional(),
    destination: text(),
    direction: z.enum(['upload', 'download']).optional(),
    generated: z.boolean().optional(),
  },
  sourceRule,
  destinationRule,
);

/**
 * Copies files and folders to the machine, or from it.
 *
 * @example
 * new FileProvisioner(web, 'Site', { source: 'site/', destination: '/var/www/html' });
 * new FileProvisioner(web, 'Logs', { direction: 'download', source: '/var/log/*.log', destination: 'logs' });
 */
export class FileProvisioner extends Provisioner<FileProvisionerProps> {
  constructor(scope: Construct, id: string, props: FileProvisionerProps) {
    super(scope, id, staged(props), file);
  }
}

/** Only what is uploaded and there at synth is staged: other sources are plain paths. */
function staged(props: FileProvisionerProps): FileProvisionerProps {
  const overrides = Object.entries(props.overrides ?? {}).map(([source, changes]) => [
    source,
    withAssets(changes, { ...props, ...changes }),
  ]);
  return {
    ...withAssets(props, props),
    ...(props.overrides && { overrides: Object.fromEntries(overrides) as Readonly<Record<string, object>> }),
  };
}

function withAssets<P extends Partial<FileProvisionerProps>>(props: P, whole: Partial<FileProvisionerProps>): P {
  if (whole.direction === 'download' || whole.generated === true) return props;
  const asset = (source: Text): Text => (typeof source === 'string' && source !== '' ? new Asset(source) : source);
  return {
    ...props,
    ...(props.source !== undefined && { source: asset(props.source) }),
    ...(Array.isArray(props.sources) && { sources: (props.sources as readonly Text[]).map(asset) }),
  };
}

/** Props of a file step as its runner gets them. */
export type FileConfig = z.output<typeof schema>;

/** Runs {@link FileProvisioner}. */
export const file: ProvisionerExtension<OwnProps<FileProvisionerProps>, FileConfig> = {
  kind: 'provisioner',
  use: 'file',
  module: 'goldsmith',
  schema,
  run: (config, machine, ctx) => (config.direction === 'download' ? download : upload)(config, machine, ctx),
};
