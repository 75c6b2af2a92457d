import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ProcessContext } from '../../../extension/context';
import { sha256 } from '../../../plan/digest';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { reasonOf } from '../api/errors';
import { removeSnapshot } from '../driver/remove-image';
import { untilCompleted } from '../driver/snapshots';
import { ownTags, PUBLISHED, STATE, tagOf } from '../driver/tags';
import type { AmazonEbsDirectConfig } from '../props/amazon-ebs-direct-props';
import { areOf, linearChecksum, sendBlocks } from './blocks';
import { keyArnOf } from './key';
import type { LocalDisk } from './local-disk';
import { Progress, type Begun } from './progress';

const GIBIBYTE = 1024 ** 3;
const PARALLEL = 32;
/** Minutes without a block after which AWS gives an unfinished snapshot up: a day, in which one may go on with it. */
const PATIENCE = 1440;

/** Makes a snapshot that holds a disk, or goes on with one that was begun. Resolves when it is complete. */
export async function snapshotOfDisk(
  api: Api,
  disk: LocalDisk,
  config: AmazonEbsDirectConfig,
  ctx: ProcessContext,
): Promise<ResourceRecord> {
  const { size: bytes } = await fs.stat(disk.path);
  const size = Math.max(1, Math.ceil(bytes / GIBIBYTE));
  const file = progressFile(api, ctx);
  await ctx.lockFile(file);
  const progress = await Progress.open(file);
  const key = await keyArnOf(api, config, ctx);
  const wanted = { region: api.region, size, encrypted: config.encryptBoot === true ? (key ?? true) : false };
  const known = await usable(api, progress, wanted, disk, ctx);
  const resource = await ctx.acquire('amazon-ebs-direct:snapshot', asLocator(api.place), (token) =>
    known === undefined ? start(api, progress, wanted, disk, config, token, ctx) : adopt(api, known.id, token, ctx),
  );
  const id = resource.id!;
  await ctx.leaveUnfinished(
    resource,
    `${id} in ${api.region} holds a part of ${disk.name}: the next run goes on with it`,
  );
  if (known?.isComplete === true) ctx.say(`${id} holds ${disk.name} already`);
  else await fill(api, id, disk, progress, config, ctx);
  await untilCompleted(api, id, disk.name, config, ctx);
  await ctx.keep(resource);
  return resource;
}

function progressFile({ region }: Api, { stateDir, node, run }: ProcessContext): string {
  return path.join(stateDir, 'amazon-ebs-direct', `${sha256(`${run.app}\0${node.id}\0${region}`).slice(0, 32)}.jsonl`);
}

interface Known {
  readonly id: string;
  readonly isComplete: boolean;
}

/** What an earlier run has begun, where it is still as this one needs it. What cannot be used goes. */
async function usable(
  api: Api,
  progress: Progress,
  wanted: Omit<Begun, 'snapshot'>,
  disk: LocalDisk,
  ctx: ProcessContext,
): Promise<Known | undefined> {
  const { begun } = progress;
  if (begun?.region !== api.region) return undefined;
  const Filters = [{ Name: 'snapshot-id', Values: [begun.snapshot] }];
  const { Snapshots = [] } = await api.call('ec2:DescribeSnapshots', { OwnerIds: ['self'], Filters }, ctx.signal);
  const [found] = Snapshots;
  // One that is part of an image is no longer ours to change.
  if (!found || tagOf(found.Tags, STATE) === PUBLISHED) return undefined;
  const isSame = begun.size === wanted.size && begun.encrypted === wanted.encrypted;
  if (isSame && found.State === 'pending') return { id: begun.snapshot, isComplete: false };
  const isComplete = isSame && found.State === 'completed' && (await areOf(disk.path, progress.blocks, ctx.signal));
  if (isComplete) return { id: begun.snapshot, isComplete };
  ctx.say(`deleting ${begun.snapshot}, which was begun for another disk or has failed`);
  await removeSnapshot(api, begun.snapshot, ctx.signal);
  return undefined;
}

async function start(
  api: Api,
  progress: Progress,
  wanted: Omit<Begun, 'snapshot'>,
  disk: LocalDisk,
  config: AmazonEbsDirectConfig,
  token: string,
  ctx: ProcessContext,
): Promise<string> {
  const { encrypted, size } = wanted;
  const { SnapshotId: snapshot } = await api.call('ebs:StartSnapshot', {
    VolumeSize: size,
    ClientToken: token,
    Description: (config.snapshotDescription ?? disk.name).slice(0, 255),
    Tags: ownTags(ctx, token),
    Timeout: PATIENCE,
    ...(encrypted !== false && { Encrypted: true }),
    ...(typeof encrypted === 'string' && { KmsKeyArn: encrypted }),
  });
  await progress.begin({ ...wanted, snapshot: snapshot! });
  return snapshot!;
}

/** From now on it is this run's. */
async function adopt(api: Api, id: string, token: string, ctx: ProcessContext): Promise<string> {
  await api.call('ec2:CreateTags', { Resources: [id], Tags: ownTags(ctx, token) });
  return id;
}

async function fill(
  api: Api,
  id: string,
  disk: LocalDisk,
  progress: Progress,
  config: AmazonEbsDirectConfig,
  ctx: ProcessContext,
): Promise<void> {
  const label = `upload ${disk.name}`;
  ctx.say(`sending ${disk.name} to ${id} in ${api.region}`);
  const how = { snapshot: id, parallel: config.parallelBlocks ?? PARALLEL, label };
  const { sent, kept } = await sendBlocks(api, disk.path, progress, how, ctx);
  ctx.say(`${id}: sent ${sent} blocks of 512 KiB${kept > 0 ? `; ${kept} were there already` : ''}`);
  const { blocks } = progress;
  try {
    await api.call(
      'ebs:CompleteSnapshot',
      {
        SnapshotId: id,
        ChangedBlocksCount: blocks.size,
        Checksum: linearChecksum(blocks),
        ChecksumAlgorithm: 'SHA256',
        ChecksumAggregationMethod: 'LINEAR',
      },
      ctx.signal,
    );
  } catch (error) {
    if (reasonOf(error) !== 'ValidationException') throw error;
    // AWS has other blocks than were noted: going on with it would fail again.
    await progress.forget();
    await removeSnapshot(api, id, ctx.signal);
    throw new GoldsmithError('PROCESS_FAILED', `${id} does not hold what was sent, so it was deleted`, {
      hint: 'run it again: all of the disk is sent anew',
      cause: error,
    });
  }
}
