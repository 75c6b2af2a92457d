import { AwsError } from './errors';
import { typeOf } from './ec2/instance-types';
import type { Caller } from './table';
import type { World } from './world';

/** How much an account may have in a region. */
export interface Quotas {
  /**
   * Virtual processors of all instances that are not terminated.
   * @default - no limit
   */
  readonly vcpus?: number;
  /**
   * AMIs, private and public.
   * @default - no limit
   */
  readonly images?: number;
}

/** Holds accounts to their quotas. */
export class Quota {
  constructor(private readonly quotas: Quotas) {}

  /** Refuses a launch that would need more virtual processors than the account may have. */
  check(world: World, { account, region }: Caller, more: number): void {
    const { vcpus } = this.quotas;
    if (vcpus === undefined) return;
    const used = world.instances
      .all()
      .filter((one) => one.account === account && one.region === region && one.state !== 'terminated')
      .reduce((sum, { type }) => sum + typeOf(type).vcpus, 0);
    if (used + more <= vcpus) return;
    throw new AwsError(
      'VcpuLimitExceeded',
      `You have requested more vCPU capacity than your current vCPU limit of ${vcpus} allows for the instance bucket that the specified instance type belongs to.`,
    );
  }

  /** Refuses an image beyond the quota. */
  checkImages(world: World, { account, region }: Caller): void {
    const { images } = this.quotas;
    if (images === undefined) return;
    const used = world.images.all().filter((one) => one.account === account && one.region === region).length;
    if (used < images) return;
    throw new AwsError('ResourceLimitExceeded', `The quota of ${images} AMIs of this account in ${region} is reached`);
  }
}
