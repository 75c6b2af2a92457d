import type { RestCall, RestAnswer, RestService } from '../rest';
import { EbsError } from './errors';
import { changed, get, list } from './read';
import { complete, put, start } from './write';

const CALLS: Readonly<Record<string, (call: RestCall) => RestAnswer | Promise<RestAnswer>>> = {
  StartSnapshot: start,
  PutSnapshotBlock: put,
  CompleteSnapshot: complete,
  ListSnapshotBlocks: list,
  ListChangedBlocks: changed,
  GetSnapshotBlock: get,
};

/** EBS' direct APIs: https://docs.aws.amazon.com/ebs/latest/APIReference/Welcome.html */
export const EBS: RestService = {
  nameOf(method, path) {
    const [root, id, kind, index, ...more] = path;
    if (root !== 'snapshots' || more.length > 0) return '';
    if (method === 'POST' && id === undefined) return 'StartSnapshot';
    if (method === 'POST' && id === 'completion' && kind !== undefined && index === undefined)
      return 'CompleteSnapshot';
    if (kind === 'blocks' && index !== undefined) {
      return { PUT: 'PutSnapshotBlock', GET: 'GetSnapshotBlock' }[method] ?? '';
    }
    if (method !== 'GET' || index !== undefined) return '';
    return { blocks: 'ListSnapshotBlocks', changedblocks: 'ListChangedBlocks' }[kind ?? ''] ?? '';
  },
  handle: async (name, call) => CALLS[name]!(call),
  refuse(error) {
    const reason = error instanceof EbsError ? error.reason : undefined;
    const { code, status } = NAMES[error.code] ?? error;
    const said = {
      Message: error.message,
      ...((reason ?? NAMES[error.code]?.reason) !== undefined && { Reason: reason ?? NAMES[error.code]!.reason }),
    };
    return { status, headers: { 'x-amzn-errortype': code }, body: JSON.stringify(said) };
  },
};

/** What troubles of every service are called here. */
const NAMES: Readonly<Record<string, { readonly code: string; readonly status: number; readonly reason?: string }>> = {
  RequestLimitExceeded: { code: 'RequestThrottledException', status: 400, reason: 'ACCOUNT_THROTTLED' },
  InternalError: { code: 'InternalServerException', status: 500 },
};
