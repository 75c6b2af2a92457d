import type { Construct } from 'constructs';
import { amazonEbs } from './amazon-ebs-extension';
import { AmazonSource } from './amazon-source';
import type { AmazonEbsConfigProps } from './props/amazon-ebs-props';
import type { AmazonSourceProps } from './props/source';

/** Props of {@link AmazonEbsSource}. It starts from exactly one of `sourceAmi`, `sourceAmiFilter`, `sourceAmiParameter`, `base`. */
export interface AmazonEbsSourceProps extends AmazonEbsConfigProps, AmazonSourceProps {}

/**
 * Builds an image of EC2 (an AMI) on an instance whose volumes are EBS's.
 *
 * @example
 * new AmazonEbsSource(web, 'Aws', {
 *   region: 'eu-west-1',
 *   instanceType: 't3.small',
 *   base: AmazonImage.lookup({ owners: ['099720109477'], name: 'ubuntu/images/*-24.04-amd64-server-*' }),
 *   communicator: ssh({ username: 'ubuntu' }),
 * });
 */
export class AmazonEbsSource extends AmazonSource<AmazonEbsSourceProps> {
  constructor(scope: Construct, id: string, props: AmazonEbsSourceProps) {
    super(scope, id, props, amazonEbs);
  }
}
