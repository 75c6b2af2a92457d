import { z } from 'zod';
import { props, text, textMap, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';
import { accessRules, accessShape, type AmazonAccessProps } from './access';
import { connectRules, connectShape, type AmazonConnectProps } from './instance-props';
import { lifecycleRules } from './lifecycle';
import { metadataShape, type AmazonMetadataProps } from './metadata';
import { namingRules } from './naming';
import { networkRules, networkShape, type AmazonNetworkProps } from './network';
import { runRules, runShape, type AmazonRunProps } from './run';
import { blockDeviceOf, blockDeviceShape, storageRules, type BlockDevice } from './storage';

/** A volume that is made. */
export interface EbsVolume extends Omit<BlockDevice, 'deleteOnTermination'> {
  /** Goes with the build's instance; then only its snapshot stays. @default false */
  readonly deleteOnTermination?: boolean;
  /** Tags of the volume. @default - `runVolumeTags` */
  readonly tags?: Readonly<Record<string, Text>>;
  /** Makes a snapshot of it. @default false */
  readonly snapshotVolume?: boolean;
  /** Description of the snapshot. @default - none */
  readonly snapshotDescription?: Text;
  /** Tags of the snapshot. @default - none */
  readonly snapshotTags?: Readonly<Record<string, Text>>;
  /** Accounts that may make volumes of the snapshot. @default - only its own */
  readonly snapshotUsers?: readonly Text[];
  /** `all` makes the snapshot public. @default - not public */
  readonly snapshotGroups?: readonly 'all'[];
}

/** What an amazon-ebsvolume build's plan entry holds: the props of `AmazonEbsVolumeSource` but for what it starts from. */
export interface AmazonEbsVolumeConfigProps
  extends AmazonAccessProps, AmazonRunProps, AmazonNetworkProps, AmazonMetadataProps, AmazonConnectProps {
  /** The volumes: they are attached to the build's instance, written to by the steps, and kept. */
  readonly ebsVolumes: readonly EbsVolume[];
  /** Whether the build's instance has enhanced networking by ENA. @default - as the base */
  readonly enaSupport?: boolean;
  /** Gives the build's instance enhanced networking by the Intel 82599 VF. @default - as the base */
  readonly sriovSupport?: boolean;
}

const SNAPSHOT = ['snapshotDescription', 'snapshotTags', 'snapshotUsers', 'snapshotGroups'] as const;

const volumes: Rule = ({ ebsVolumes }) => {
  for (const volume of ebsVolumes as readonly EbsVolume[]) {
    const idle = SNAPSHOT.find((name) => volume[name] !== undefined);
    if (idle !== undefined && volume.snapshotVolume !== true)
      return `volume ${volume.deviceName}: \`${idle}\` needs \`snapshotVolume: true\``;
    if (volume.noDevice === true || volume.virtualName !== undefined)
      return `volume ${volume.deviceName}: it must be one of EBS`;
    if (volume.deleteOnTermination === true && volume.snapshotVolume !== true)
      return `volume ${volume.deviceName}: nothing of it would be kept: \`deleteOnTermination\` without \`snapshotVolume\``;
    if (volume.encrypted === true && volume.snapshotGroups !== undefined)
      return `volume ${volume.deviceName}: \`snapshotGroups\` makes its snapshot public, and what is encrypted cannot be`;
  }
  return undefined;
};

/** Checks the props. */
export const amazonEbsVolumeSchema = props<AmazonEbsVolumeConfigProps>()(
  {
    ...connectShape,
    ...accessShape,
    ...runShape,
    ...networkShape,
    ...metadataShape,
    ebsVolumes: z
      .array(
        blockDeviceOf({
          ...blockDeviceShape,
          tags: textMap().optional(),
          snapshotVolume: z.boolean().optional(),
          snapshotDescription: text().optional(),
          snapshotTags: textMap().optional(),
          snapshotUsers: z.array(text()).optional(),
          snapshotGroups: z.array(z.literal('all')).optional(),
        }),
      )
      .min(1),
    enaSupport: z.boolean().optional(),
    sriovSupport: z.boolean().optional(),
  },
  ...accessRules,
  ...runRules,
  ...networkRules,
  ...storageRules,
  volumes,
  ...namingRules,
  ...lifecycleRules,
  ...connectRules,
);

/** The props as the driver gets them. */
export type AmazonEbsVolumeConfig = z.output<typeof amazonEbsVolumeSchema>;
