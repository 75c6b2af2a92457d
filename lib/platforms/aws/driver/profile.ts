import { GoldsmithError } from '../../../errors';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { isDuplicate, isNotFound } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { IDENTITY_PATH } from './find-identity';
import { ownTags } from './tags';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const POLICY = 'goldsmith';

/** Name of the instance profile: the given one, or one that is made from the given policy. */
export async function profileFor(api: Api, config: AmazonEbsConfig, ctx: ResourceContext): Promise<string | undefined> {
  const { iamInstanceProfile: given, temporaryIamInstanceProfilePolicyDocument: policy } = config;
  if (given !== undefined) {
    if (config.skipProfileValidation !== true) await mustExist(api, given, ctx);
    return given;
  }
  if (!policy) return undefined;
  const document = JSON.stringify({ Version: policy.Version ?? '2012-10-17', Statement: policy.Statement });
  const { id: role } = await ctx.acquire('amazon-ebs:role', asLocator(api.place), async (token) => {
    const RoleName = `goldsmith-${token}`;
    const Tags = ownTags(ctx, token).map(({ Key, Value }) => ({ Key: Key!, Value: Value! }));
    await unlessThere(
      api.call('iam:CreateRole', { RoleName, Path: IDENTITY_PATH, AssumeRolePolicyDocument: TRUST, Tags }),
    );
    return RoleName;
  });
  await api.soon('iam:PutRolePolicy', { RoleName: role!, PolicyName: POLICY, PolicyDocument: document }, ctx.signal);
  const { id: profile } = await ctx.acquire('amazon-ebs:instance-profile', asLocator(api.place), async (token) => {
    const InstanceProfileName = `goldsmith-${token}`;
    const Tags = ownTags(ctx, token).map(({ Key, Value }) => ({ Key: Key!, Value: Value! }));
    await unlessThere(api.call('iam:CreateInstanceProfile', { InstanceProfileName, Path: IDENTITY_PATH, Tags }));
    return InstanceProfileName;
  });
  await addRole(api, profile!, role!, ctx);
  return profile;
}

/** Where the answer to the first try was lost, the second is told that a profile holds no two roles. */
async function addRole(api: Api, InstanceProfileName: string, RoleName: string, ctx: ResourceContext): Promise<void> {
  try {
    await api.soon('iam:AddRoleToInstanceProfile', { InstanceProfileName, RoleName }, ctx.signal);
  } catch (error) {
    const found = await ifThere(api.call('iam:GetInstanceProfile', { InstanceProfileName }, ctx.signal));
    if (!found?.InstanceProfile?.Roles?.some((role) => role.RoleName === RoleName)) throw error;
  }
}

/** Deletes a role that {@link profileFor} made. */
export async function removeRole(api: Api, RoleName: string, signal: AbortSignal): Promise<void> {
  await ifThere(api.call('iam:DeleteRolePolicy', { RoleName, PolicyName: POLICY }, signal));
  await ifThere(api.call('iam:DeleteRole', { RoleName }, signal));
}

/** Deletes an instance profile that {@link profileFor} made. */
export async function removeProfile(api: Api, InstanceProfileName: string, signal: AbortSignal): Promise<void> {
  const found = await ifThere(api.call('iam:GetInstanceProfile', { InstanceProfileName }, signal));
  for (const { RoleName } of found?.InstanceProfile?.Roles ?? []) {
    await ifThere(api.call('iam:RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName }, signal));
  }
  if (found) await ifThere(api.call('iam:DeleteInstanceProfile', { InstanceProfileName }, signal));
}

async function mustExist(api: Api, name: string, ctx: ResourceContext): Promise<void> {
  const found = await ifThere(api.call('iam:GetInstanceProfile', { InstanceProfileName: name }, ctx.signal));
  if (found) return;
  throw new GoldsmithError('LAUNCH_FAILED', `there is no instance profile \`${name}\` (\`iamInstanceProfile\`)`, {
    hint: 'a role is not enough: an instance profile holds it; where this may not be asked, set `skipProfileValidation`',
  });
}

async function unlessThere(made: Promise<unknown>): Promise<void> {
  await made.catch((error: unknown) => {
    if (!isDuplicate(error)) throw error;
  });
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
