import type { ResourceRecord } from '../../../extension/artifact';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';
import { Apis } from '../driver/apis';
import { findEverywhere } from '../driver/find-everywhere';
import { asOwn, asShared } from '../driver/kinds';
import { exists, remove } from '../driver/remove';
import { removeImage } from '../driver/remove-image';
import { tagOf, TOKEN } from '../driver/tags';
import { removeUpload } from '../s3-import/objects';
import { removeTask } from '../s3-import/task';

/** Does something with clients that end with it. */
export async function withApis<T>(ctx: RunContext, use: (apis: Apis) => Promise<T>): Promise<T> {
  const apis = new Apis(ctx.clock);
  try {
    return await use(apis);
  } finally {
    apis.close();
  }
}

/** Whether something that was made is there. */
export function isThere(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
  return withApis(ctx, async (apis) => exists(await apis.at(resource, ctx), whole(resource), ctx));
}

/** Deletes something that was made. */
export function destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
  return withApis(ctx, async (apis) => {
    const api = await apis.at(resource, ctx);
    const { id, token, kind } = resource;
    // An image whose snapshot is a resource of its own goes without it.
    if (kind.endsWith(':registration')) return removeImage(api, id, token, false, ctx.signal);
    if (kind.endsWith(':task')) return removeTask(api, id, token, ctx.signal);
    if (kind.endsWith(':object')) return removeUpload(api, resource, ctx.signal);
    if (kind.endsWith(':snapshot') && id !== undefined && !(await isOwn(api, id, token, ctx))) return;
    await remove(api, asShared(resource), ctx);
  });
}

/** Everything of a run that died. */
export async function findOf(use: string, run: string, ctx: RunContext): Promise<readonly ResourceRecord[]> {
  return withApis(ctx, async (apis) => {
    const found = await findEverywhere(apis, run, ctx);
    return found
      .filter(({ resource }) => resource.kind === 'amazon-ebs:image')
      .map(({ resource }) => asOwn(use, resource));
  });
}

function whole(resource: ResourceRecord): ResourceRecord {
  const shared = asShared(resource);
  return { ...shared, kind: shared.kind.replace(':registration', ':image') };
}

/** A snapshot that a later run took over has another token: it is that run's. */
async function isOwn(api: Api, id: string, token: string, { signal }: RunContext): Promise<boolean> {
  const Filters = [{ Name: 'snapshot-id', Values: [id] }];
  const { Snapshots = [] } = await api.call('ec2:DescribeSnapshots', { OwnerIds: ['self'], Filters }, signal);
  return Snapshots.some(({ Tags }) => (tagOf(Tags, TOKEN) ?? token) === token);
}
