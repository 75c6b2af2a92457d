import type { Problem } from '../errors';
import type { Communicator } from './communicator';
import type { ProvisionContext, RunContext } from './context';
import type { PropsSchema } from './props';

/** A provisioner, as the engine finds it. */
export interface ProvisionerExtension<In = unknown, Out = In> {
  readonly kind: 'provisioner';
  readonly use: string;
  readonly module: string;
  readonly schema: PropsSchema<In, Out>;
  /** Raised when it comes to do something else for the same config. @default 1 */
  readonly revision?: number;
  /** Whether it changes nothing in the image: then it is in no cache key and no checkpoint follows it. @default false */
  readonly passive?: boolean;
  /**
   * What can be known to be wrong before a machine is started. Not asked where the config has outputs of builds that did not run yet.
   */
  preflight?(config: Out, ctx: RunContext): Promise<readonly Problem[]>;
  run(config: Out, machine: Communicator, ctx: ProvisionContext): Promise<void>;
}
