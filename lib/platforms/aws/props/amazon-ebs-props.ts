import { z } from 'zod';
import { sshCommunicatorSchema, type SshCommunicatorProps } from '../../../communicators/ssh/props';
import { winrmCommunicatorSchema, type WinrmCommunicatorProps } from '../../../communicators/winrm/props';
import { props, type Rule } from '../../../extension/props';
import { accessRules, accessShape, type AmazonAccessProps } from './access';
import { copyRules, copyShape, type AmazonCopyProps } from './copy';
import { lifecycleRules, lifecycleShape, type AmazonLifecycleProps } from './lifecycle';
import { metadataShape, type AmazonMetadataProps } from './metadata';
import { namingRules, namingShape, type AmazonNamingProps } from './naming';
import { networkRules, networkShape, type AmazonNetworkProps } from './network';
import { parameterRules, parameterShape, type AmazonParameterProps } from './parameter';
import { runRules, runShape, type AmazonRunProps } from './run';
import { sharingRules, sharingShape, type AmazonSharingProps } from './sharing';
import { storageRules, storageShape, type AmazonStorageProps } from './storage';

/** What an amazon-ebs build's plan entry holds: the props of `AmazonEbsSource` but for what it starts from. */
export interface AmazonEbsConfigProps
  extends
    AmazonAccessProps,
    AmazonRunProps,
    AmazonNetworkProps,
    AmazonMetadataProps,
    AmazonStorageProps,
    AmazonNamingProps,
    AmazonSharingProps,
    AmazonCopyProps,
    AmazonLifecycleProps,
    AmazonParameterProps {
  /**
   * How the instance is reached: `ssh({…})`, `winrm({…})`, or `none` for one that makes itself by its user data.
   * @default - SSH as ec2-user, with a temporary key pair
   */
  readonly communicator?: SshCommunicatorProps | WinrmCommunicatorProps | 'none';
}

/** ImportKeyPair takes RSA and ED25519: docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-key-pairs.html. */
const keyTypes: Rule = ({ communicator }) => {
  const { temporaryKeyPair } = (communicator ?? {}) as Partial<SshCommunicatorProps>;
  return temporaryKeyPair?.type === 'ecdsa'
    ? '`communicator.temporaryKeyPair.type` is `ecdsa`, and EC2 takes `ed25519` and `rsa`'
    : undefined;
};

/** Checks the props. */
export const amazonEbsSchema = props<AmazonEbsConfigProps>()(
  {
    communicator: z.union([z.literal('none'), sshCommunicatorSchema, winrmCommunicatorSchema]).optional(),
    ...accessShape,
    ...runShape,
    ...networkShape,
    ...metadataShape,
    ...storageShape,
    ...namingShape,
    ...sharingShape,
    ...copyShape,
    ...lifecycleShape,
    ...parameterShape,
  },
  ...accessRules,
  ...runRules,
  ...networkRules,
  ...storageRules,
  ...namingRules,
  ...sharingRules,
  ...copyRules,
  ...lifecycleRules,
  ...parameterRules,
  keyTypes,
);

/** The props as the driver gets them. */
export type AmazonEbsConfig = z.output<typeof amazonEbsSchema>;
