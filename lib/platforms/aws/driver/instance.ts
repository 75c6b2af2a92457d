import type { Instance } from '@aws-sdk/client-ec2';
import { GoldsmithError, messageOf } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { isCapacity, isNotFound, reasonOf } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import type { InstanceConfig } from './flavor';
import { VOLUMES } from './remove-volume';
import { requestOf, triesOf, type Try, type Wanted } from './request';
import { ownTags } from './tags';
import { timeout } from './waits';

/** An instance that runs. */
export interface Running {
  readonly resource: ResourceRecord;
  readonly instance: Instance;
  readonly spot: boolean;
}

/** How long IAM may take until EC2 knows a new instance profile. */
const PROFILE_KNOWN = 120_000;
/** The same of a key pair, a group or an image that was made just now. */
const SEEN = 30_000;

/** Starts the instance: where AWS has no room for it, the next type or place is tried. */
export async function runInstance(
  api: Api,
  config: InstanceConfig,
  wanted: Wanted,
  ctx: ResourceContext,
): Promise<Running> {
  const tries = triesOf(config, wanted.network.spots);
  const refusals: string[] = [];
  for (let next = 0; ;) {
    let taken = next;
    const place = asLocator(api.place, config.keepsVolumes === true ? VOLUMES : {});
    const resource = await ctx.acquire('amazon-ebs:instance', place, async (token) => {
      for (; taken < tries.length; taken += 1) {
        try {
          return await start(api, config, wanted, tries[taken]!, `${token}-${taken}`, token, ctx);
        } catch (error) {
          if (!isCapacity(error)) throw error;
          refusals.push(`${shown(tries[taken]!)}: ${reasonOf(error)}`);
          ctx.say(`no room for ${shown(tries[taken]!)}: ${messageOf(error)}`);
        }
      }
      throw noRoom(refusals);
    });
    const { spot } = tries[taken]!;
    try {
      const instance = await untilRunning(api, resource.id!, config, ctx);
      ctx.say(`${resource.id!} runs: ${shown(tries[taken]!)}`);
      return { resource, instance, spot };
    } catch (error) {
      // AWS may also take it, and find out afterwards that there is no room.
      if (!(error instanceof EndedEarly) || !error.forRoom) throw error;
      refusals.push(`${shown(tries[taken]!)}: ${error.message}`);
      ctx.say(`no room for ${shown(tries[taken]!)}: ${error.message}`);
      await ctx.release(resource);
      next = taken + 1;
      if (next >= tries.length) throw noRoom(refusals);
    }
  }
}

async function start(
  api: Api,
  config: AmazonEbsConfig,
  wanted: Wanted,
  one: Try,
  clientToken: string,
  token: string,
  ctx: ResourceContext,
): Promise<string> {
  const request = await requestOf(config, wanted, one, ownTags(ctx, token, config.runTags));
  const from = ctx.clock.now();
  for (;;) {
    try {
      const { Instances = [] } = await api.call('ec2:RunInstances', { ...request, ClientToken: clientToken });
      return Instances[0]!.InstanceId!;
    } catch (error) {
      const isNewProfile = wanted.profile !== undefined && /iam ?instance ?profile/i.test(messageOf(error));
      const patience = isNewProfile ? PROFILE_KNOWN : isNotFound(error) ? SEEN : 0;
      if (ctx.clock.now() - from >= patience) throw error;
      await ctx.clock.sleep(1000);
    }
  }
}

/** It ended before it ran. */
class EndedEarly extends GoldsmithError {
  /** Whether that was for want of room. */
  readonly forRoom: boolean;

  constructor(instance: Instance) {
    const reason = instance.StateReason;
    const why = reason?.Message ?? instance.StateTransitionReason ?? 'AWS gives no reason';
    super('LAUNCH_FAILED', `the instance ${instance.InstanceId} ended at once: ${why}`, {
      hint: /InvalidKMSKey|Client\.InternalError/.test(`${reason?.Code} ${why}`)
        ? 'may these credentials, and EC2, use the KMS key of its volumes?'
        : undefined,
    });
    this.forRoom = /Insufficient|SpotInstanceTermination|SpotInstanceShutdown/.test(reason?.Code ?? '');
  }
}

function untilRunning(api: Api, id: string, config: AmazonEbsConfig, ctx: ResourceContext): Promise<Instance> {
  return api.poller.until({
    kind: 'instance',
    id,
    what: `the instance ${id} to run`,
    ...timeout(config, 600_000),
    signal: ctx.signal,
    done: (instance) => {
      const state = instance.State?.Name;
      if (state === 'running') return instance;
      if (state === 'terminated' || state === 'shutting-down' || state === 'stopped') throw new EndedEarly(instance);
      return undefined;
    },
  });
}

function noRoom(refusals: readonly string[]): GoldsmithError {
  return new GoldsmithError('LAUNCH_FAILED', `AWS has no room for the instance: ${refusals.join('; ')}`, {
    hint: 'name more types in `instanceType`, or more places in `subnetId` or `availabilityZone`',
  });
}

function shown({ type, spot, where }: Try): string {
  const place = where.subnet ?? where.zone;
  return `${spot ? 'spot ' : ''}${type}${place === undefined ? '' : ` in ${place}`}`;
}
