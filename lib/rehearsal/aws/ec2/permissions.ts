import { AwsError } from '../errors';
import type { Params } from '../protocol/params';
import type { Permission } from '../types';

/** What a call does to the permissions of something. */
export interface PermissionChanges {
  readonly added: readonly Permission[];
  readonly removed: readonly Permission[];
}

/** How the older form of a call names each kind of permission: as a list beside an `OperationType`. */
export type ListNames = Readonly<Partial<Record<keyof Permission, string>>>;

/** Reads both forms of a call: `<name>.Add.1.UserId`, and `OperationType=add` with `UserId.1`. */
export function permissionChanges(params: Params, name: string, lists: ListNames): PermissionChanges {
  const given = params.struct(name);
  const operation = params.oneOf('OperationType', ['add', 'remove']);
  const listed = operation === undefined ? [] : listedPermissions(params, lists);
  return {
    added: [...given.structs('Add').map(permissionOf), ...(operation === 'add' ? listed : [])],
    removed: [...given.structs('Remove').map(permissionOf), ...(operation === 'remove' ? listed : [])],
  };
}

/** Permissions with some more, and without some. */
export function changed(before: readonly Permission[], { added, removed }: PermissionChanges): readonly Permission[] {
  const print = (one: Permission): string => JSON.stringify(one);
  const gone = new Set(removed.map(print));
  return [...new Map([...before, ...added].map((one) => [print(one), one])).values()].filter(
    (one) => !gone.has(print(one)),
  );
}

function listedPermissions(params: Params, lists: ListNames): Permission[] {
  return Object.entries(lists).flatMap(([kind, list]) => params.list(list).map((value) => checked({ [kind]: value })));
}

function permissionOf(given: Params): Permission {
  const userId = given.text('UserId');
  const group = given.text('Group');
  const organizationArn = given.text('OrganizationArn');
  const organizationalUnitArn = given.text('OrganizationalUnitArn');
  return checked({
    ...(userId !== undefined && { userId }),
    ...(group !== undefined && { group }),
    ...(organizationArn !== undefined && { organizationArn }),
    ...(organizationalUnitArn !== undefined && { organizationalUnitArn }),
  });
}

function checked(permission: Permission): Permission {
  const { userId, group } = permission;
  if (userId !== undefined && !/^\d{12}$/.test(userId))
    throw new AwsError('InvalidUserID.Malformed', `Invalid user id: "${userId}"`);
  if (group !== undefined && group !== 'all')
    throw new AwsError('InvalidAMIAttributeItemValue', `Invalid attribute item value "${group}" for group item type.`);
  return permission;
}
