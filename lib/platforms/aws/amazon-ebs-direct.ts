import type { Construct } from 'constructs';
import { PostProcessor, type PostProcessorProps } from '../../core/post-processor';
import type { PostProcessorExtension } from '../../extension/post-processor';
import { NAME_PLACE } from './prop-roles';
import {
  amazonEbsDirectSchema,
  type AmazonEbsDirectConfig,
  type AmazonEbsDirectConfigProps,
} from './props/amazon-ebs-direct-props';

/** Props of {@link AmazonEbsDirectPostProcessor}. */
export interface AmazonEbsDirectPostProcessorProps extends AmazonEbsDirectConfigProps, PostProcessorProps {}

/**
 * Makes a disk that was built here an image of EC2 (an AMI), without any instance: its blocks go straight into a snapshot by the EBS
 * direct APIs, and that is registered. Blocks of zeros are not sent; what breaks off goes on where it stopped.
 *
 * @example
 * new AmazonEbsDirectPostProcessor(web, 'Ami', { region: 'eu-west-1', amiName: 'web-1.4', bootMode: 'uefi-preferred' });
 */
export class AmazonEbsDirectPostProcessor extends PostProcessor<AmazonEbsDirectPostProcessorProps> {
  constructor(scope: Construct, id: string, props: AmazonEbsDirectPostProcessorProps = {}) {
    super(scope, id, props, amazonEbsDirect);
  }
}

type Run = typeof import('./direct/run-direct');
const run = (): Run => require('./direct/run-direct') as Run;
type Resources = typeof import('./direct/resources');
const resources = (): Resources => require('./direct/resources') as Resources;

/** The post-processor `amazon-ebs-direct`, as the engine finds it. */
export const amazonEbsDirect: PostProcessorExtension<AmazonEbsDirectConfigProps, AmazonEbsDirectConfig> = {
  kind: 'post-processor',
  use: 'amazon-ebs-direct',
  module: 'goldsmith/aws',
  schema: amazonEbsDirectSchema,
  produces: 'ami',
  nameProps: ['amiName', ...NAME_PLACE],
  keepInput: { default: true },
  preflight: (config, ctx) => run().preflightDirect(config, ctx),
  run: (config, inputs, ctx) => run().runDirect(config, inputs, ctx),
  exists: (resource, ctx) => resources().isThere(resource, ctx),
  destroy: (resource, ctx) => resources().destroy(resource, ctx),
  find: (id, ctx) => resources().findOf('amazon-ebs-direct', id, ctx),
};
