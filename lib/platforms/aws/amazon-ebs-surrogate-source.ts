import type { Construct } from 'constructs';
import { amazonEbsSurrogate } from './amazon-ebs-surrogate-extension';
import { AmazonSource } from './amazon-source';
import type { AmazonEbsSurrogateConfigProps } from './props/amazon-ebs-surrogate-props';
import type { AmazonSourceProps } from './props/source';

/** Props of {@link AmazonEbsSurrogateSource}. It starts from exactly one of `sourceAmi`, `sourceAmiFilter`, `sourceAmiParameter`, `base`. */
export interface AmazonEbsSurrogateSourceProps extends AmazonEbsSurrogateConfigProps, AmazonSourceProps {}

/**
 * Builds an image of EC2 (an AMI) of a volume that is attached to an instance and written by the steps: with a file system, partitions
 * and a system of your own, of which nothing is the instance's.
 *
 * @example
 * new AmazonEbsSurrogateSource(core, 'Aws', {
 *   region: 'eu-west-1',
 *   instanceType: 't3.small',
 *   base: AmazonImage.lookup({ owners: ['136693071363'], name: 'debian-12-amd64-*' }),
 *   communicator: ssh({ username: 'admin' }),
 *   launchBlockDeviceMappings: [{ deviceName: '/dev/xvdf', volumeType: 'gp3', volumeSize: 4 }],
 *   amiRootDevice: { sourceDeviceName: '/dev/xvdf', deviceName: '/dev/xvda', volumeType: 'gp3' },
 *   bootMode: 'uefi-preferred',
 * });
 */
export class AmazonEbsSurrogateSource extends AmazonSource<AmazonEbsSurrogateSourceProps> {
  constructor(scope: Construct, id: string, props: AmazonEbsSurrogateSourceProps) {
    super(scope, id, props, amazonEbsSurrogate);
  }
}
