import type { Problem } from '../errors';
import type { Artifact, ResourceRecord } from './artifact';
import type { ProcessContext, RunContext } from './context';
import type { PropsSchema } from './props';

/** A post-processor, as the engine finds it. */
export interface PostProcessorExtension<In = unknown, Out = In> {
  readonly kind: 'post-processor';
  readonly use: string;
  readonly module: string;
  readonly schema: PropsSchema<In, Out>;
  /** Raised when it comes to do something else for the same config. @default 1 */
  readonly revision?: number;
  /** Kinds of artifact it takes; undefined for any. */
  readonly accepts?: readonly string[];
  /** Kind of artifact it makes; undefined: it hands on its input. */
  readonly produces?: string;
  /**
   * Whether it may be left out where nothing changed. Not where each run counts (a manifest names the last run), or
   * where it takes files that no digest covers.
   * @default true
   */
  readonly cacheable?: boolean;
  /**
   * Whether it runs also after a build that makes no artifact, such as one on the Null platform.
   * @default false
   */
  readonly runsWithoutInput?: boolean;
  /** Props that name what it writes: no two post-processors may write the same. */
  readonly nameProps?: readonly string[];
  /** Everything that can be known to be wrong before anything is built. Not asked where the config uses outputs of builds. */
  preflight?(config: Out, ctx: RunContext): Promise<readonly Problem[]>;
  /** Files that it writes with this config, as the user wrote them: checked before anything is built. @default - none */
  outputs?(config: Out): readonly string[];
  /** Packer's rule on the input: whether it is kept where the user says nothing, and whether that is forced. */
  readonly keepInput: {
    readonly default: boolean;
    readonly forced?: boolean;
    /** Kinds of artifact that are always kept, whatever is said: what is made only refers to them. @default - none */
    readonly keeps?: readonly string[];
  };
  /** Returns the new artifact, or undefined to hand on the input. */
  run(config: Out, inputs: readonly Artifact[], ctx: ProcessContext): Promise<Artifact | undefined>;
  /** Whether a resource it made is still there; files are checked without it. */
  exists?(resource: ResourceRecord, ctx: RunContext): Promise<boolean>;
  /** Everything that carries the tags of a run: asked only for one that died with a damaged journal. */
  find?(run: string, ctx: RunContext): Promise<readonly ResourceRecord[]>;
  /** Deletes a resource it made; files are deleted without it. */
  destroy?(resource: ResourceRecord, ctx: RunContext): Promise<void>;
}
