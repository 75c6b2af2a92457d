import type { Body, Call } from './call';
import { action, type Action } from './call';
import { AwsError } from './errors';
import type { Params } from './protocol/params';
import type { Answer } from './protocol/xml';
import type { Identity, Profile, Role } from './world';

/** A launch may name an instance profile that is there, and no other. */
export function checkProfile({ world, account }: Call, given: Params): void {
  const name = given.text('Name') ?? given.text('Arn')?.split('/').at(-1);
  if (name === undefined) return;
  if (world.profiles.has(`${account} ${name}`)) return;
  throw new AwsError(
    'InvalidParameterValue',
    `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`,
  );
}

function profileOf({ world, account, params }: Call): Profile {
  const name = params.need('InstanceProfileName');
  const profile = world.profiles.get(`${account} ${name}`);
  if (profile) return profile;
  throw new AwsError('NoSuchEntity', `Instance Profile ${name} cannot be found.`, 404);
}

function roleOf({ world, account, params }: Call): Role {
  const name = params.need('RoleName');
  const role = world.roles.get(`${account} ${name}`);
  if (role) return role;
  throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
}

function profileView(call: Call, profile: Profile): Body {
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: `arn:aws:iam::${call.account}:instance-profile${profile.path}${profile.name}`,
    CreateDate: new Date(profile.createdAt),
    Roles: profile.roles.map((name) => roleView(call, name)),
  };
}

function roleView({ account, world }: Call, name: string): Body {
  const { path, id, createdAt, trust } = world.roles.get(`${account} ${name}`)!;
  return {
    Path: path,
    RoleName: name,
    RoleId: id,
    Arn: `arn:aws:iam::${account}:role${path}${name}`,
    CreateDate: new Date(createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(trust),
  };
}

function tagsView({ tags }: Identity): Answer {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

/** Path and tags that a request gives. */
function identityOf({ params }: Call): Identity {
  const path = params.text('Path') ?? '/';
  if (!/^\/([!-~]+\/)?$/.test(path)) {
    throw new AwsError('ValidationError', `The specified value for path is invalid. It must begin and end with /`);
  }
  return {
    path,
    tags: new Map(
      params
        .struct('Tags')
        .structs('member')
        .map((tag) => [tag.need('Key'), tag.text('Value') ?? '']),
    ),
  };
}

/** A page of what has a path; what AWS lists has no tags. */
function listed<T extends Identity>({ account, params }: Call, all: ReadonlyMap<string, T>): Paged<T> {
  const prefix = params.text('PathPrefix') ?? '/';
  const from = Number(params.text('Marker') ?? 0);
  const end = from + (params.whole('MaxItems') ?? 100);
  const found = [...all].filter(([key, { path }]) => key.startsWith(`${account} `) && path.startsWith(prefix));
  const isTruncated = found.length > end;
  return {
    page: found.slice(from, end).map(([, one]) => one),
    rest: { IsTruncated: isTruncated, ...(isTruncated && { Marker: String(end) }) },
  };
}

interface Paged<T> {
  readonly page: readonly T[];
  readonly rest: Body;
}

function note(call: Call, kind: string, id: string, detail: string): void {
  call.world.inventory.created({ cloud: 'aws', kind, id, region: 'global', detail, createdAt: call.now, lasts: false });
}

/** What of IAM a build needs: roles and instance profiles. */
export const IAM: Readonly<Record<string, Action>> = {
  CreateInstanceProfile: action('InstanceProfileName Path Tags', (call) => {
    const name = call.params.need('InstanceProfileName');
    const key = `${call.account} ${name}`;
    if (call.world.profiles.has(key))
      throw new AwsError('EntityAlreadyExists', `Instance Profile ${name} already exists.`, 409);
    const profile = {
      ...identityOf(call),
      name,
      id: `AIPA${call.world.dice.hex(16).toUpperCase()}`,
      createdAt: call.now,
      roles: [],
    };
    call.world.profiles.set(key, profile);
    note(call, 'instance profile', profile.id, name);
    return { InstanceProfile: profileView(call, profile) };
  }),
  GetInstanceProfile: action('InstanceProfileName', (call) => {
    const profile = profileOf(call);
    return { InstanceProfile: { ...profileView(call, profile), Tags: tagsView(profile) } };
  }),
  ListInstanceProfiles: action('PathPrefix Marker MaxItems', (call) => {
    const { page, rest } = listed(call, call.world.profiles);
    return { InstanceProfiles: page.map((profile) => profileView(call, profile)), ...rest };
  }),
  ListRoles: action('PathPrefix Marker MaxItems', (call) => {
    const { page, rest } = listed(call, call.world.roles);
    return { Roles: page.map(({ name }) => roleView(call, name)), ...rest };
  }),
  GetRole: action('RoleName', (call) => {
    const role = roleOf(call);
    return { Role: { ...roleView(call, role.name), Tags: tagsView(role) } };
  }),
  DeleteInstanceProfile: action('InstanceProfileName', (call) => {
    const profile = profileOf(call);
    if (profile.roles.length > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
    call.world.profiles.delete(`${call.account} ${profile.name}`);
    call.world.inventory.deleted(profile.id, call.now);
    return {};
  }),
  AddRoleToInstanceProfile: action('InstanceProfileName RoleName', (call) => {
    roleOf(call);
    const profile = profileOf(call);
    if (profile.roles.length > 0)
      throw new AwsError('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409);
    profile.roles = [call.params.need('RoleName')];
    return {};
  }),
  RemoveRoleFromInstanceProfile: action('InstanceProfileName RoleName', (call) => {
    const profile = profileOf(call);
    const name = call.params.need('RoleName');
    if (!profile.roles.includes(name))
      throw new AwsError('NoSuchEntity', `Role ${name} in instance profile ${profile.name} cannot be found.`, 404);
    profile.roles = [];
    return {};
  }),
  CreateRole: action(
    'RoleName Path AssumeRolePolicyDocument Description MaxSessionDuration PermissionsBoundary Tags',
    (call) => {
      const name = call.params.need('RoleName');
      const key = `${call.account} ${name}`;
      if (call.world.roles.has(key))
        throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
      const trust = documentOf(call.params, 'AssumeRolePolicyDocument');
      const id = `AROA${call.world.dice.hex(16).toUpperCase()}`;
      call.world.roles.set(key, { ...identityOf(call), name, policies: new Map(), trust, createdAt: call.now, id });
      note(call, 'role', id, name);
      return { Role: roleView(call, name) };
    },
  ),
  PutRolePolicy: action('RoleName PolicyName PolicyDocument', (call) => {
    roleOf(call).policies.set(call.params.need('PolicyName'), documentOf(call.params, 'PolicyDocument'));
    return {};
  }),
  AttachRolePolicy: action('RoleName PolicyArn', (call) => {
    roleOf(call);
    return {};
  }),
  DeleteRolePolicy: action('RoleName PolicyName', (call) => {
    const name = call.params.need('PolicyName');
    if (!roleOf(call).policies.delete(name))
      throw new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
    return {};
  }),
  DeleteRole: action('RoleName', (call) => {
    const role = roleOf(call);
    const name = call.params.need('RoleName');
    const used = [...call.world.profiles.values()].some(({ roles }) => roles.includes(name));
    if (used)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
    if (role.policies.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
    call.world.roles.delete(`${call.account} ${name}`);
    call.world.inventory.deleted(role.id, call.now);
    return {};
  }),
};

function documentOf(params: Params, name: string): string {
  const text = params.need(name);
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
  }
}
