import type { Image } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { Artifact } from '../../../extension/artifact';
import type { LaunchFrom } from '../../../extension/platform';
import type { Json } from '../../../plan/json';
import type { Api } from '../api/api';
import { isNotFound } from '../api/errors';

/** What a base is in the lock file and the plan. */
export interface AmiBase {
  readonly imageId: string;
  /** Where it was found; of an id that the user gave, that is not known. */
  readonly region?: string;
}

/** Id of the image that a build starts from, in its region. */
export function imageIdOf(from: LaunchFrom, region: string): string {
  if (from.kind === 'artifact') return imageOfArtifact(from.artifact, region);
  if (from.kind === 'checkpoint') throw new GoldsmithError('INTERNAL', 'amazon-ebs has no checkpoints');
  const base = from.base as unknown as AmiBase | undefined;
  if (base === undefined) throw new GoldsmithError('BASE_MISMATCH', 'there is no image to start from');
  if (base.region === undefined || base.region === region) return base.imageId;
  throw new GoldsmithError(
    'BASE_MISMATCH',
    `the lock file has the image ${base.imageId} of ${base.region}, and the build is in ${region}`,
    { hint: 'give the source its `region`, or move the lock file with `goldsmith update`' },
  );
}

/** Id of an artifact's image in a region. */
export function imageOfArtifact(artifact: Artifact, region: string): string {
  const images = imagesOf(artifact);
  const found = images[region];
  if (found !== undefined) return found;
  const where = Object.keys(images).join(', ') || 'no region';
  throw new GoldsmithError('BASE_MISMATCH', `${artifact.id} is in ${where}, and the build is in ${region}`, {
    hint: `add ${region} to its \`amiRegions\`, or build there`,
  });
}

/** The image in each region. */
export function imagesOf({ kind, outputs }: Artifact): Readonly<Record<string, string>> {
  if (kind !== 'ami') throw new GoldsmithError('BASE_MISMATCH', `an artifact of kind \`${kind}\` is no image of EC2`);
  return outputs['images'] as unknown as Record<string, string>;
}

async function describeImage(api: Api, id: string): Promise<Image> {
  const missing = (): GoldsmithError =>
    new GoldsmithError('NOT_FOUND', `there is no image ${id} in ${api.region}, or this account may not see it`, {
      hint: 'ids differ from region to region; was it deregistered, or is it shared with another account?',
    });
  const { Images = [] } = await api.call('ec2:DescribeImages', { ImageIds: [id] }).catch((error: unknown) => {
    throw isNotFound(error) ? missing() : error;
  });
  const [image] = Images;
  if (!image) throw missing();
  return image;
}

/** Notes an image that AWS showed, so that it is not asked for again in this run: what it consists of does not change. */
export function noteImage(api: Api, image: Image): void {
  api.note(`image ${image.ImageId}`, image);
}

/** An image by its id, asked for once in a run. */
export function imageById(api: Api, id: string): Promise<Image> {
  return api.once(`image ${id}`, () => describeImage(api, id));
}

/** A base as the lock file keeps it. */
export function asBase(image: Image, region: string): Json {
  const { ImageId, Name, OwnerId, CreationDate, Architecture } = image;
  return {
    imageId: ImageId!,
    region,
    ...(Name !== undefined && { name: Name }),
    ...(OwnerId !== undefined && { owner: OwnerId }),
    ...(CreationDate !== undefined && { created: CreationDate }),
    ...(Architecture !== undefined && { architecture: Architecture }),
  };
}
