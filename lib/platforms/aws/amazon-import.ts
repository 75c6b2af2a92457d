import type { Construct } from 'constructs';
import { PostProcessor, type PostProcessorProps } from '../../core/post-processor';
import type { PostProcessorExtension } from '../../extension/post-processor';
import { NAME_PLACE } from './prop-roles';
import { amazonImportSchema, type AmazonImportConfig, type AmazonImportConfigProps } from './props/amazon-import-props';

/** Props of {@link AmazonImportPostProcessor}. */
export interface AmazonImportPostProcessorProps extends AmazonImportConfigProps, PostProcessorProps {}

/**
 * Makes a disk or an appliance (OVA) that was built here an image of EC2 (an AMI) by AWS's VM Import: the file goes to a bucket, AWS
 * converts it and puts its drivers in. For a disk that boots on EC2 as it is, {@link AmazonEbsDirectPostProcessor} needs neither.
 *
 * @example
 * new AmazonImportPostProcessor(web, 'Ami', { region: 'eu-west-1', s3BucketName: 'acme-images', amiName: 'web-1.4' });
 */
export class AmazonImportPostProcessor extends PostProcessor<AmazonImportPostProcessorProps> {
  constructor(scope: Construct, id: string, props: AmazonImportPostProcessorProps) {
    super(scope, id, props, amazonImport);
  }
}

type Run = typeof import('./s3-import/run-import');
const run = (): Run => require('./s3-import/run-import') as Run;
type Resources = typeof import('./direct/resources');
const resources = (): Resources => require('./direct/resources') as Resources;

/** The post-processor `amazon-import`, as the engine finds it. */
export const amazonImport: PostProcessorExtension<AmazonImportConfigProps, AmazonImportConfig> = {
  kind: 'post-processor',
  use: 'amazon-import',
  module: 'goldsmith/aws',
  schema: amazonImportSchema,
  produces: 'ami',
  nameProps: ['amiName', ...NAME_PLACE],
  keepInput: { default: false },
  preflight: (config, ctx) => run().preflightImport(config, ctx),
  run: (config, inputs, ctx) => run().runImport(config, inputs, ctx),
  exists: (resource, ctx) => resources().isThere(resource, ctx),
  destroy: (resource, ctx) => resources().destroy(resource, ctx),
  find: (id, ctx) => resources().findOf('amazon-import', id, ctx),
};
