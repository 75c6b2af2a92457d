import type { Construct } from 'constructs';
import { amazonEbsVolume } from './amazon-ebs-volume-extension';
import { AmazonSource } from './amazon-source';
import type { AmazonEbsVolumeConfigProps } from './props/amazon-ebs-volume-props';
import type { AmazonSourceProps } from './props/source';

/** Props of {@link AmazonEbsVolumeSource}. It starts from exactly one of `sourceAmi`, `sourceAmiFilter`, `sourceAmiParameter`, `base`. */
export interface AmazonEbsVolumeSourceProps extends AmazonEbsVolumeConfigProps, AmazonSourceProps {}

/**
 * Makes volumes of EBS with content, on an instance that they are attached to, and snapshots of them; no image.
 *
 * @example
 * new AmazonEbsVolumeSource(core, 'Aws', {
 *   region: 'eu-west-1',
 *   instanceType: 't3.small',
 *   base: AmazonImage.lookup({ owners: ['136693071363'], name: 'debian-12-amd64-*' }),
 *   communicator: ssh({ username: 'admin' }),
 *   ebsVolumes: [{ deviceName: '/dev/xvdf', volumeType: 'gp3', volumeSize: 20, tags: { Name: 'data' }, snapshotVolume: true }],
 * });
 */
export class AmazonEbsVolumeSource extends AmazonSource<AmazonEbsVolumeSourceProps> {
  constructor(scope: Construct, id: string, props: AmazonEbsVolumeSourceProps) {
    super(scope, id, props, amazonEbsVolume);
  }
}
