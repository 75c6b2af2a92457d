import type { Construct } from 'constructs';
import {
  asset,
  type BaseImage,
  type PlatformExtension,
  props,
  type PropsSchema,
  Source,
  textProp,
  type Text,
} from 'goldsmith';

/** What the plan holds of a source. */
export interface FolderConfigProps {
  /**
   * Local folder whose content the machine starts with.
   * @default - the machine starts empty
   */
  readonly skeleton?: Text;
  /**
   * Folder to write, relative to the project.
   * @default - `artifacts/<app>-<build>`
   */
  readonly output?: Text;
}

/** Props of {@link FolderSource}. */
export interface FolderSourceProps extends FolderConfigProps {
  /**
   * Another image to start from. `new Image(app, 'B', { from: a })` sets it.
   * @default - starts with `skeleton`
   */
  readonly base?: BaseImage;
}

const schema = props<FolderConfigProps>()({
  // At synth the folder is hashed and staged. The driver gets the path of the staged copy.
  skeleton: asset('directory').optional(),
  output: textProp().optional(),
});

/** The props as the driver gets them: late values and assets have become strings. */
export type FolderConfig = typeof schema extends PropsSchema<FolderConfigProps, infer Out> ? Out : never;

/** Builds a tree of files in a folder. Steps run on this machine: the variable ROOT, and their working folder, is the tree. */
export class FolderSource extends Source<FolderSourceProps> {
  constructor(scope: Construct, id: string, props: FolderSourceProps = {}) {
    super(scope, id, props, folder);
  }

  base(): BaseImage | undefined {
    return this.props.base;
  }

  /** An image that starts from this one starts with all of it, the skeleton too. */
  protected override withoutBase(props: object): object {
    const { skeleton: _skeleton, ...rest } = super.withoutBase(props) as { skeleton?: unknown };
    return rest;
  }
}

/** The platform, as the engine finds it. */
export const folder: PlatformExtension<FolderConfigProps, FolderConfig> = {
  kind: 'platform',
  use: 'folder',
  module: 'goldsmith-folder',
  schema,
  // It names the artifact: two builds cannot share it, and an image that starts from this one does not inherit it.
  nameProps: ['output'],
  produces: () => 'directory',
  // What is heavy is loaded when the first build starts, not when the program is read.
  load: async () => new (require('./folder-driver') as typeof import('./folder-driver')).FolderDriver(),
};
