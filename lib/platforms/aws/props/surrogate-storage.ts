import { z } from 'zod';
import { text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';
import { blockDeviceOf, blockDeviceShape, storageShape, type AmazonStorageProps, type BlockDevice } from './storage';

/** A volume of the instance that may become one of the image. */
export interface SurrogateDevice extends BlockDevice {
  /** Leaves it out of the image: no snapshot is made of it. @default false */
  readonly omitFromArtifact?: boolean;
}

/** The root volume of the image. */
export interface AmiRootDevice {
  /** Device of the instance whose content it gets: one of `launchBlockDeviceMappings`. */
  readonly sourceDeviceName: string;
  /** Name that it has in the image, such as `/dev/xvda`. */
  readonly deviceName: string;
  /** Goes when an instance goes. @default true */
  readonly deleteOnTermination?: boolean;
  /** Kind of volume. @default - AWS's */
  readonly volumeType?: 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard';
  /** Size in GiB, at least the snapshot's. @default - the snapshot's */
  readonly volumeSize?: number;
  /** Operations a second, of gp3, io1 and io2. @default - AWS's */
  readonly iops?: number;
}

/** The volumes that are written to, and what the image has of them. */
export interface AmazonSurrogateStorageProps extends AmazonStorageProps {
  /** Volumes of the build's instance beside its own root: what the steps write to. Each becomes one of the image, unless it is left out. */
  readonly launchBlockDeviceMappings: readonly SurrogateDevice[];
  /** The root volume of the image. */
  readonly amiRootDevice: AmiRootDevice;
  /** Description of the snapshots. @default - none */
  readonly snapshotDescription?: Text;
  /**
   * Puts the volume in the place of the instance's own root volume and makes the image by CreateImage, as for images whose billing or
   * product codes must be kept, rather than by RegisterImage.
   * @default false
   */
  readonly useCreateImage?: boolean;
}

/** Schemas of {@link AmazonSurrogateStorageProps}. */
export const surrogateStorageShape = {
  ...storageShape,
  launchBlockDeviceMappings: z.array(blockDeviceOf({ ...blockDeviceShape, omitFromArtifact: z.boolean().optional() })),
  amiRootDevice: z.strictObject({
    sourceDeviceName: z.string().min(1),
    deviceName: z.string().min(1),
    deleteOnTermination: z.boolean().optional(),
    volumeType: blockDeviceShape.volumeType,
    volumeSize: blockDeviceShape.volumeSize,
    iops: blockDeviceShape.iops,
  }),
  snapshotDescription: text().optional(),
  useCreateImage: z.boolean().optional(),
} as const;

const sourceDevice: Rule = ({ amiRootDevice, launchBlockDeviceMappings }) => {
  const { sourceDeviceName, volumeType, iops } = amiRootDevice as AmiRootDevice;
  const devices = launchBlockDeviceMappings as readonly SurrogateDevice[];
  const found = devices.find(({ deviceName }) => deviceName === sourceDeviceName);
  const names = devices.map(({ deviceName }) => deviceName).join(', ') || 'none';
  if (!found) {
    return `\`amiRootDevice.sourceDeviceName\` is \`${sourceDeviceName}\`, and must be one of \`launchBlockDeviceMappings\`: ${names}`;
  }
  if (found.omitFromArtifact === true)
    return `\`amiRootDevice.sourceDeviceName\` is \`${sourceDeviceName}\`, which \`omitFromArtifact\` leaves out of the image`;
  if (found.noDevice === true || found.virtualName !== undefined)
    return `\`amiRootDevice.sourceDeviceName\` is \`${sourceDeviceName}\`, which is no volume of EBS`;
  const isFast = volumeType === 'io1' || volumeType === 'io2';
  if (isFast && iops === undefined) return `\`amiRootDevice\`: \`${volumeType}\` needs \`iops\``;
  return iops !== undefined && !isFast && volumeType !== 'gp3'
    ? `\`amiRootDevice\`: \`iops\` is for gp3, io1 and io2, and \`volumeType\` is ${volumeType ?? 'not given'}`
    : undefined;
};

/** Volumes that are swapped need an instance that stops; what CreateImage makes has what the base has. */
const createImage: Rule = ({ useCreateImage, spotPrice, spotInstanceTypes, ...given }) => {
  if (useCreateImage !== true) return undefined;
  if (spotPrice !== undefined || spotInstanceTypes !== undefined)
    return '`useCreateImage` swaps the volumes of a stopped instance, and spot instances cannot be stopped';
  const idle = ['amiArchitecture', 'bootMode', 'uefiData', 'tpmSupport'].find((name) => given[name] !== undefined);
  return idle && `\`${idle}\` is for RegisterImage: with \`useCreateImage\` the image has what the base has`;
};

/** What must hold between {@link AmazonSurrogateStorageProps}. */
export const surrogateStorageRules: readonly Rule[] = [sourceDevice, createImage];
