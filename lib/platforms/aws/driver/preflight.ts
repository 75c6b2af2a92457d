import type { _InstanceType } from '@aws-sdk/client-ec2';
import { GoldsmithError, toProblem, type Problem } from '../../../errors';
import type { ResourceContext, RunContext } from '../../../extension/context';
import type { LaunchFrom } from '../../../extension/platform';
import type { Api } from '../api/api';
import { isCapacity, isDryRunSuccess, reasonOf } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { problemWithAmiName } from '../props/naming';
import { imageById, imageIdOf } from './base';
import { imagesNamed, nameTaken, type NameConfig } from './capture';
import { regionsOf } from './find';
import { usesSession } from './instance-access';
import { listOf } from './network';
import { checkParameter } from './parameter';
import { amiNameOf } from './names';

/**
 * Everything that can be known to be wrong before anything is created; all of it at once.
 *
 * @param machine checks of what is built on
 */
export async function preflight(
  api: Api,
  config: AmazonEbsConfig,
  from: LaunchFrom | undefined,
  ctx: RunContext,
  machine: readonly (() => Promise<unknown>)[] = [() => checkStart(api, config, from)],
): Promise<readonly Problem[]> {
  if (config.skipCredentialValidation !== true) {
    const refused = await problemsOf(() => api.once('identity', () => api.call('sts:GetCallerIdentity', {})), ctx);
    // Without credentials everything else would fail for the same reason.
    if (refused.length > 0) return refused;
  }
  const { iamInstanceProfile, temporaryIamInstanceProfilePolicyDocument } = config;
  if (usesSession(config) && (iamInstanceProfile ?? temporaryIamInstanceProfilePolicyDocument) === undefined) {
    // The account may give its instances the permission without one: Default Host Management Configuration.
    ctx.warn(
      '`sshInterface` is `session_manager`, and there is neither `iamInstanceProfile` nor `temporaryIamInstanceProfilePolicyDocument`: unless the account manages all its instances, their agents may not connect',
    );
  }
  const checks = [
    () => checkName(api, config, ctx),
    () => checkRegions(api, config, ctx),
    () => checkParameter(api, config, ctx),
    ...machine,
  ];
  return (await Promise.all(checks.map((check) => problemsOf(check, ctx)))).flat();
}

/** What is wrong by a check. */
export async function problemsOf(check: () => Promise<unknown>, ctx: RunContext): Promise<readonly Problem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    ctx.signal.throwIfAborted();
    return GoldsmithError.is(error) ? error.problems : [toProblem(error)];
  }
}

/** The image's name can be had. */
export async function checkName(
  api: Api,
  config: NameConfig & Pick<AmazonEbsConfig, 'skipCreateAmi'>,
  ctx: RunContext,
): Promise<void> {
  if (config.skipCreateAmi === true) return;
  const name = amiNameOf(config, ctx);
  const problem = problemWithAmiName(name);
  if (problem !== undefined) throw new GoldsmithError('PREFLIGHT_FAILED', problem);
  // A name that goldsmith made holds the time.
  const { force = false } = ctx as Partial<ResourceContext>;
  if (config.amiName === undefined || config.forceDeregister === true || force) return;
  const [taken] = await imagesNamed(api, name, ctx.signal);
  if (taken) throw nameTaken(name, api.region);
}

/** The account has the regions that it shall be copied to. */
export async function checkRegions(
  api: Api,
  config: Pick<AmazonEbsConfig, 'amiRegions' | 'skipRegionValidation'>,
  ctx: RunContext,
): Promise<void> {
  const wanted = config.amiRegions ?? [];
  if (wanted.length === 0 || config.skipRegionValidation === true) return;
  const known = await api.once('regions', () => regionsOf(api, ctx.signal));
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new GoldsmithError(
    'PREFLIGHT_FAILED',
    `\`amiRegions\` has ${unknown.join(', ')}, which this account does not have`,
    {
      hint: 'is it spelt right? some regions must be enabled for an account first; `skipRegionValidation` does not ask',
    },
  );
}

/** The base is there, its architecture is one of the types', the types are offered, and this account may start it. */
export async function checkStart(api: Api, config: AmazonEbsConfig, from: LaunchFrom | undefined): Promise<void> {
  const types = [...new Set([...listOf(config.instanceType), ...(config.spotInstanceTypes ?? [])])];
  const [architectures, image] = await Promise.all([
    architecturesOf(api, types),
    from && imageById(api, imageIdOf(from, api.region)),
  ]);
  const problems: Problem[] = [];
  for (const type of types) {
    const known = architectures.get(type);
    const wanted = image?.Architecture;
    if (!known) problems.push(wrong(`\`instanceType\` is \`${type}\`, which ${api.region} does not have`, TYPES_HINT));
    else if (wanted !== undefined && !known.includes(wanted)) {
      const has = `\`${type}\` has ${known.join(', ')}`;
      problems.push(
        wrong(`${image!.ImageId} is for ${wanted}, and ${has}`, 'take a type or a base of the same architecture'),
      );
    }
  }
  if (problems.length > 0) throw GoldsmithError.all(problems, 'PREFLIGHT_FAILED');
  if (image) await mayStart(api, image.ImageId!, types, config);
}

/** Architectures of each type; of a type that the region does not have, none. */
async function architecturesOf(
  api: Api,
  types: readonly string[],
): Promise<ReadonlyMap<string | undefined, readonly string[]>> {
  return api.once(`types ${types.join(' ')}`, async () => {
    const Filters = [{ Name: 'instance-type', Values: [...types] }];
    const { InstanceTypes = [] } = await api.call('ec2:DescribeInstanceTypes', { Filters });
    return new Map(
      InstanceTypes.map(({ InstanceType, ProcessorInfo }) => [
        InstanceType,
        ProcessorInfo?.SupportedArchitectures ?? [],
      ]),
    );
  });
}

async function mayStart(api: Api, ImageId: string, types: readonly string[], config: AmazonEbsConfig): Promise<void> {
  const refusals: string[] = [];
  for (const type of types) {
    const reason = await refusalOf(api, ImageId, type, config);
    if (reason === undefined) return;
    refusals.push(`\`${type}\`: ${reason.message}`);
  }
  throw new GoldsmithError(
    'PREFLIGHT_FAILED',
    `the quota of this account lets no instance start: ${refusals.join('; ')}`,
    {
      hint: 'ask for a higher quota in the Service Quotas console, end instances, or name smaller types in `instanceType`',
    },
  );
}

/** That a quota of the account is used up, in EC2's own words: it is not asked for more than a dry run, so nothing else needs a permission. */
const QUOTA = /^(VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded)$/;

function refusalOf(api: Api, ImageId: string, type: string, config: AmazonEbsConfig): Promise<Error | undefined> {
  const [subnet] = listOf(config.subnetId);
  const { securityGroupId, securityGroupIds, sshKeypairName, iamInstanceProfile } = config;
  const groups = securityGroupIds ?? listOf(securityGroupId);
  const request = {
    DryRun: true,
    ImageId,
    InstanceType: type as _InstanceType,
    MinCount: 1,
    MaxCount: 1,
    ...(subnet !== undefined && { SubnetId: subnet }),
    ...(groups.length > 0 && { SecurityGroupIds: [...groups] }),
    ...(sshKeypairName !== undefined && { KeyName: sshKeypairName }),
    ...(iamInstanceProfile !== undefined && { IamInstanceProfile: { Name: iamInstanceProfile } }),
  };
  return api.once(`dry run ${JSON.stringify(request)}`, async () => {
    try {
      await api.call('ec2:RunInstances', request);
    } catch (error) {
      if (error instanceof Error && QUOTA.test(reasonOf(error))) return error;
      // Where there is no default VPC, or no room just now, the real request may name another place.
      if (isDryRunSuccess(error) || isCapacity(error)) return undefined;
      if (!/^(MissingInput|VPCIdNotSpecified)$/.test(reasonOf(error))) throw error;
    }
    return undefined;
  });
}

function wrong(message: string, hint: string): Problem {
  return { code: 'PREFLIGHT_FAILED', message, hint };
}

const TYPES_HINT = 'is it spelt right? `aws ec2 describe-instance-type-offerings` lists what a region has';
