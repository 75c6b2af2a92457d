import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import { GoldsmithError } from '../../../errors';
import type { ResourceContext } from '../../../extension/context';
import type { Api } from '../api/api';
import { accountOf } from '../props/copy';
import { imagesOf } from './base';
import { copy, type PublishConfig, type Region } from './copy-image';
import { describe, finish } from './describe';

/** A copy that an account is to have. */
interface Wanted {
  readonly account: string;
  readonly region: string;
  readonly to: Account;
}

type Account = NonNullable<PublishConfig['amiCopyAccounts']>[number];

/** The image in other accounts: its id by region, by account. */
export type AccountImages = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Copies that other accounts have. */
export function accountImagesOf({ outputs }: Artifact): AccountImages {
  return (outputs['accounts'] ?? {}) as unknown as AccountImages;
}

/** What is to be done for other accounts: for each region of each of them one task. */
export function accountCopies(
  regionOf: Region,
  artifact: Artifact,
  snapshotsIn: (region: string) => readonly string[],
  config: PublishConfig,
  ctx: ResourceContext,
  add: (account: string, region: string, resource: ResourceRecord) => Promise<void>,
): readonly Promise<void>[] {
  return (config.amiCopyAccounts ?? []).flatMap((to) => {
    const regions = to.regions ?? Object.keys(imagesOf(artifact));
    return regions.map(async (region) => {
      const wanted = { account: accountOf(to.roleArn), region, to };
      const there = await regionOf(region, roleOf(to));
      const known = accountImagesOf(artifact)[wanted.account]?.[region];
      const image =
        known ?? (await copyTo(there, await regionOf(region), wanted, artifact, snapshotsIn, config, ctx, add));
      // Who may use the copy is for its account to say.
      const said = pick(config);
      await finish(there, [image, ...(await describe(there, image, said, ctx))], said, ctx);
    });
  });
}

/** The role that makes copies in an account, as props of access say it. */
export function roleOf({ roleArn, externalId }: Account): { readonly roleArn: string; readonly externalId?: string } {
  return { roleArn, ...(externalId !== undefined && { externalId }) };
}

async function copyTo(
  there: Api,
  here: Api,
  { account, region, to }: Wanted,
  artifact: Artifact,
  snapshotsIn: (region: string) => readonly string[],
  config: PublishConfig,
  ctx: ResourceContext,
  add: (account: string, region: string, resource: ResourceRecord) => Promise<void>,
): Promise<string> {
  const image = imagesOf(artifact)[region];
  if (image === undefined) {
    throw new GoldsmithError(
      'CAPTURE_FAILED',
      `\`amiCopyAccounts\` wants a copy in ${region} for the account ${account}, and the image is in ${Object.keys(imagesOf(artifact)).join(', ')}`,
      { hint: 'add the region to `amiRegions`, or take it out of `regions`' },
    );
  }
  await lend(here, image, snapshotsIn(region), account, ctx);
  const { kmsKeyId } = to;
  const own = {
    ...config,
    encryptBoot: config.encryptBoot === true || kmsKeyId !== undefined,
    regionKmsKeyIds: kmsKeyId === undefined ? undefined : { [region]: kmsKeyId },
  };
  const resource = await copy(there, { region, image }, artifact, own, ctx);
  await add(account, region, resource);
  return resource.id!;
}

/** Lets the account read the image and its snapshots, without which it cannot copy them. */
async function lend(
  api: Api,
  ImageId: string,
  snapshots: readonly string[],
  UserId: string,
  { signal }: ResourceContext,
): Promise<void> {
  const Add = [{ UserId }];
  await api.soon('ec2:ModifyImageAttribute', { ImageId, LaunchPermission: { Add } }, signal);
  for (const SnapshotId of snapshots) {
    const request = { SnapshotId, Attribute: 'createVolumePermission' as const, CreateVolumePermission: { Add } };
    await api.soon('ec2:ModifySnapshotAttribute', request, signal);
  }
}

function pick({
  tags,
  snapshotTags,
  imdsSupport,
  deprecateAt,
  deregistrationProtection,
}: PublishConfig): PublishConfig {
  return { tags, snapshotTags, imdsSupport, deprecateAt, deregistrationProtection };
}
