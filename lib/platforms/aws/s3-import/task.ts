import type { ImportImageTask } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ProcessContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { isInUse, reasonOf } from '../api/errors';
import { removeImage } from '../driver/remove-image';
import { byToken, ownTags, specify } from '../driver/tags';
import { patience } from '../driver/waits';
import type { AmazonImportConfig } from '../props/amazon-import-props';

/** Packer waits an hour; large disks take longer. */
const IMPORTED = 7_200_000;
/** How long a task that was begun just now may not be seen. */
const SEEN = 60_000;
/** The same of one that is to be undone. */
const CONSISTENT = 10_000;

/** Has AWS make an image of a file in a bucket. */
export function importImage(
  api: Api,
  file: { readonly bucket: string; readonly key: string; readonly format: string },
  config: AmazonImportConfig,
  ctx: ProcessContext,
): Promise<ResourceRecord> {
  const { architecture = 'x86_64', bootMode, platform, roleName, licenseType, amiDescription } = config;
  return ctx.acquire('amazon-import:task', asLocator(api.place), async (token) => {
    const { ImportTaskId } = await api.call('ec2:ImportImage', {
      ClientToken: token,
      Architecture: architecture,
      BootMode: bootMode ?? (architecture === 'arm64' ? 'uefi' : 'legacy-bios'),
      DiskContainers: [{ Format: file.format.toUpperCase(), UserBucket: { S3Bucket: file.bucket, S3Key: file.key } }],
      ...(amiDescription !== undefined && { Description: amiDescription }),
      ...(platform !== undefined && { Platform: platform === 'windows' ? 'Windows' : 'Linux' }),
      ...(roleName !== undefined && { RoleName: roleName }),
      ...(licenseType !== undefined && { LicenseType: licenseType }),
      TagSpecifications: specify(ownTags(ctx, token), 'import-image-task'),
    });
    return ImportTaskId!;
  });
}

/** Resolves with the image that a task has made. */
export async function untilImported(
  api: Api,
  id: string,
  config: AmazonImportConfig,
  ctx: ProcessContext,
): Promise<string> {
  const { timeout: longest, pause = 5_000 } = patience(config, 0, IMPORTED);
  const begun = ctx.clock.now();
  let said = '';
  const probe = async (): Promise<string | undefined> => {
    const { ImportImageTasks = [] } = await api
      .call('ec2:DescribeImportImageTasks', { ImportTaskIds: [id] }, ctx.signal)
      .catch((error: unknown) => {
        const isNew = ctx.clock.now() - begun < SEEN;
        if (isNew && /^InvalidConversionTaskId/.test(reasonOf(error))) return { ImportImageTasks: [] };
        throw error;
      });
    const task = ImportImageTasks[0];
    if (task?.Status === 'completed' && task.ImageId !== undefined) return task.ImageId;
    if (task?.Status === 'deleted' || task?.Status === 'deleting') throw refused(id, task);
    const words = [task?.Progress && `${task.Progress}%`, task?.StatusMessage].filter(Boolean).join(', ');
    if (words !== said && words !== '') ctx.say(`${id}: ${words}`);
    said = words;
    return undefined;
  };
  return ctx.poll(`the import ${id}`, probe, { timeout: longest, interval: 1_000, maxInterval: pause });
}

function refused(id: string, { StatusMessage, SnapshotDetails = [] }: ImportImageTask): GoldsmithError {
  const why = StatusMessage ?? SnapshotDetails.find((one) => one.StatusMessage)?.StatusMessage ?? 'AWS gives no reason';
  return new GoldsmithError('PROCESS_FAILED', `the import ${id} failed: ${why}`, {
    hint: 'may the role read the bucket, and is the disk one that VM Import takes? docs.aws.amazon.com/vm-import/latest/userguide',
  });
}

/** Ends a task, and deletes the image that it has made. */
export async function removeTask(api: Api, id: string | undefined, token: string, signal: AbortSignal): Promise<void> {
  const end = api.clock.now() + (id === undefined ? 0 : CONSISTENT);
  const asked = { Filters: [byToken(token)] };
  for (;;) {
    const { ImportImageTasks = [] } = await api.call('ec2:DescribeImportImageTasks', asked, signal);
    for (const task of ImportImageTasks) await undo(api, task, token, signal);
    // One that was begun just now may not be seen.
    if (ImportImageTasks.length > 0 || api.clock.now() >= end) return;
    await api.clock.sleep(1000, signal);
  }
}

async function undo(
  api: Api,
  { ImportTaskId, Status, ImageId }: ImportImageTask,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  if (ImageId !== undefined) return removeImage(api, ImageId, undefined, true, signal);
  if (Status !== 'active') return;
  await api.call('ec2:CancelImportTask', { ImportTaskId }, signal).catch((error: unknown) => {
    // It has ended meanwhile: then it has an image.
    if (!isInUse(error)) throw error;
    return removeTask(api, ImportTaskId, token, signal);
  });
}
