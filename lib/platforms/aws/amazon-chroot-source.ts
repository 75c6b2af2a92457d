import type { Construct } from 'constructs';
import { amazonChroot } from './amazon-chroot-extension';
import { AmazonSource } from './amazon-source';
import type { AmazonChrootConfigProps } from './props/amazon-chroot-props';
import type { AmazonSourceProps } from './props/source';

/**
 * Props of {@link AmazonChrootSource}. It starts from exactly one of `sourceAmi`, `sourceAmiFilter`, `sourceAmiParameter`, `base`, or from
 * scratch.
 */
export interface AmazonChrootSourceProps extends AmazonChrootConfigProps, AmazonSourceProps {}

/**
 * Builds an image of EC2 (an AMI) without starting an instance: on the one that goldsmith itself runs on, a volume of the base is
 * attached and mounted, and the steps run in it by chroot.
 *
 * @example
 * new AmazonChrootSource(core, 'Aws', {
 *   region: 'eu-west-1',
 *   base: AmazonImage.lookup({ owners: ['136693071363'], name: 'debian-12-amd64-*' }),
 * });
 */
export class AmazonChrootSource extends AmazonSource<AmazonChrootSourceProps> {
  constructor(scope: Construct, id: string, props: AmazonChrootSourceProps) {
    super(scope, id, props, amazonChroot);
  }
}
