import type { RunContext } from '../../../extension/context';
import type { Stray } from '../../../extension/platform';
import { GoldsmithError } from '../../../errors';
import type { Api } from '../api/api';
import { isNotFound } from '../api/errors';
import { strayOf } from './find';

/** Path of the roles and instance profiles that goldsmith makes: by it they are found among those of an account. */
export const IDENTITY_PATH = '/goldsmith/';

/** Instance profiles and roles of a run, or of all of them, which belong to no region. Who may not list them finds none. */
export async function findIdentities(api: Api, run: string | undefined, ctx: RunContext): Promise<Stray[]> {
  try {
    const found = [...(await profiles(api, ctx.signal)), ...(await roles(api, ctx.signal))];
    return run === undefined ? found : found.filter((stray) => stray.run === run);
  } catch (error) {
    if (!GoldsmithError.is(error) || error.code !== 'ACCESS_DENIED') throw error;
    ctx.warn(`temporary roles and instance profiles are not looked for: ${error.message}`);
    return [];
  }
}

async function profiles(api: Api, signal: AbortSignal): Promise<Stray[]> {
  const found: Stray[] = [];
  for (let Marker: string | undefined; ;) {
    const asked = { PathPrefix: IDENTITY_PATH, ...(Marker !== undefined && { Marker }) };
    const answer = await api.call('iam:ListInstanceProfiles', asked, signal);
    for (const { InstanceProfileName: id } of answer.InstanceProfiles ?? []) {
      // The list is without tags.
      const one = await unlessGone(api.call('iam:GetInstanceProfile', { InstanceProfileName: id }, signal));
      const { Tags: tags, CreateDate: made } = one?.InstanceProfile ?? {};
      found.push(...listOf(strayOf(api, { kind: 'instance-profile', id, tags, made })));
    }
    if (answer.IsTruncated !== true) return found;
    Marker = answer.Marker;
  }
}

async function roles(api: Api, signal: AbortSignal): Promise<Stray[]> {
  const found: Stray[] = [];
  for (let Marker: string | undefined; ;) {
    const asked = { PathPrefix: IDENTITY_PATH, ...(Marker !== undefined && { Marker }) };
    const answer = await api.call('iam:ListRoles', asked, signal);
    for (const { RoleName: id } of answer.Roles ?? []) {
      const one = await unlessGone(api.call('iam:GetRole', { RoleName: id }, signal));
      const { Tags: tags, CreateDate: made } = one?.Role ?? {};
      found.push(...listOf(strayOf(api, { kind: 'role', id, tags, made })));
    }
    if (answer.IsTruncated !== true) return found;
    Marker = answer.Marker;
  }
}

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
