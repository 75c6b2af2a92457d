import type { Artifact } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { Machine } from '../../../extension/platform';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { makeImage } from './capture';

/** In what the platforms that build on an instance differ. */
export interface Flavor<C extends AmazonEbsConfig> {
  /** Type key. */
  readonly use: string;
  /** The config as far as the instance is concerned. */
  launched(config: C): InstanceConfig;
  /** Makes the artifact of an instance that is stopped, or is one of the spot market. */
  make(api: Api, machine: Machine, config: C, ctx: ResourceContext): Promise<Artifact>;
}

/** What is said of an instance. */
export interface InstanceConfig extends AmazonEbsConfig {
  /** Whether volumes may be left when it has ended, which are deleted then. */
  readonly keepsVolumes?: boolean;
}

/** amazon-ebs itself. */
export const EBS: Flavor<AmazonEbsConfig> = { use: 'amazon-ebs', launched: (config) => config, make: makeImage };
