import type {
  CreateFleetCommandOutput,
  FleetLaunchTemplateOverridesRequest,
  RequestLaunchTemplateData,
  RunInstancesCommandInput,
  _InstanceType,
} from '@aws-sdk/client-ec2';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { AwsError, isCapacity, isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { requestOf, type Try, type Wanted } from './request';
import { asTags, ownTags, specify } from './tags';

/**
 * An instance of a fleet of one, which is told at once (type `instant`). Which of the types and places it has, EC2 chose. The launch
 * template that a fleet needs is gone when this returns.
 */
export async function startByFleet(
  api: Api,
  config: AmazonEbsConfig,
  wanted: Wanted,
  tries: readonly Try[],
  { token, clientToken }: { readonly token: string; readonly clientToken: string },
  ctx: ResourceContext,
): Promise<string> {
  const { spotAllocationStrategy: strategy = 'lowest-price', fleetTags } = config;
  const template = await makeTemplate(api, config, wanted, tries, token, ctx);
  try {
    const answer = await api.soon('ec2:CreateFleet', {
      Type: 'instant',
      ClientToken: clientToken,
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
      SpotOptions: { AllocationStrategy: strategy, InstanceInterruptionBehavior: 'terminate' },
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: template.id!, Version: '1' },
          Overrides: tries.map((one, index) => overrideOf(one, index, config)),
        },
      ],
      ...(fleetTags && { TagSpecifications: specify(asTags(fleetTags), 'fleet') }),
    });
    const id = answer.Instances?.flatMap(({ InstanceIds = [] }) => InstanceIds)[0];
    if (id !== undefined) return id;
    throw refused(answer);
  } finally {
    // What cannot be deleted now is tried again when the node ends.
    await ctx.release(template).catch(() => undefined);
  }
}

async function makeTemplate(
  api: Api,
  config: AmazonEbsConfig,
  wanted: Wanted,
  tries: readonly Try[],
  instanceToken: string,
  ctx: ResourceContext,
): Promise<ResourceRecord> {
  const request = await requestOf(config, wanted, tries[0]!, ownTags(ctx, instanceToken, config.runTags));
  return ctx.acquire('amazon-ebs:launch-template', asLocator(api.place), async (token) => {
    const LaunchTemplateName = `goldsmith-${token}`;
    try {
      const { LaunchTemplate } = await api.call('ec2:CreateLaunchTemplate', {
        LaunchTemplateName,
        ClientToken: token,
        LaunchTemplateData: templateData(request),
        TagSpecifications: specify(ownTags(ctx, token, config.runTags), 'launch-template'),
      });
      return LaunchTemplate!.LaunchTemplateId!;
    } catch (error) {
      // It was made, and the answer lost.
      if (!isDuplicate(error)) throw error;
      const asked = { LaunchTemplateNames: [LaunchTemplateName] };
      const [template] = (await api.call('ec2:DescribeLaunchTemplates', asked)).LaunchTemplates ?? [];
      if (!template) throw error;
      return template.LaunchTemplateId!;
    }
  });
}

/** RunInstances' request as a template has it: without what differs from type to type and place to place. */
function templateData(request: RunInstancesCommandInput): RequestLaunchTemplateData {
  const {
    MinCount: _least,
    MaxCount: _most,
    InstanceType: _type,
    InstanceMarketOptions: _market,
    SubnetId: _subnet,
    Placement,
    NetworkInterfaces,
    ...rest
  } = request;
  const { AvailabilityZone: _zone, ...placement } = Placement ?? {};
  return {
    ...(rest as RequestLaunchTemplateData),
    ...(Object.keys(placement).length > 0 && { Placement: placement }),
    ...(NetworkInterfaces && {
      NetworkInterfaces: NetworkInterfaces.map(({ SubnetId: _own, ...one }) => one),
    }),
  };
}

function overrideOf(
  { type, where }: Try,
  index: number,
  { spotPrice, spotAllocationStrategy }: AmazonEbsConfig,
): FleetLaunchTemplateOverridesRequest {
  const capped = spotPrice !== undefined && !['auto', '', '0'].includes(spotPrice);
  return {
    InstanceType: type as _InstanceType,
    ...(where.subnet !== undefined && { SubnetId: where.subnet }),
    ...(where.zone !== undefined && { AvailabilityZone: where.zone }),
    ...(capped && { MaxPrice: spotPrice }),
    ...(spotAllocationStrategy === 'capacity-optimized-prioritized' && { Priority: index }),
  };
}

/** The refusal of each type and place; that there is no room is what counts only where it is what all of them say. */
function refused({ Errors = [] }: CreateFleetCommandOutput): AwsError {
  const asError = (reason: string, message: string): AwsError =>
    new AwsError('LAUNCH_FAILED', `CreateFleet started no instance (${reason}): ${message}`, reason, true);
  const each = Errors.map(({ ErrorCode = 'unknown', ErrorMessage = 'AWS gives no reason' }) =>
    asError(ErrorCode, ErrorMessage.trim().replace(/\.$/, '')),
  );
  return (
    each.find((error) => !isCapacity(error)) ??
    each[0] ??
    asError('InsufficientInstanceCapacity', 'AWS gives no reason')
  );
}
