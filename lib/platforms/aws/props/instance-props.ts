import { z } from 'zod';
import { sshCommunicatorSchema, type SshCommunicatorProps } from '../../../communicators/ssh/props';
import { winrmCommunicatorSchema, type WinrmCommunicatorProps } from '../../../communicators/winrm/props';
import type { Rule } from '../../../extension/props';

/** How an instance is connected to. */
export interface AmazonConnectProps {
  /**
   * How the instance is reached: `ssh({…})`, `winrm({…})`, or `none` for one that makes itself by its user data.
   * @default - SSH as ec2-user, with a temporary key pair
   */
  readonly communicator?: SshCommunicatorProps | WinrmCommunicatorProps | 'none';
}

/** Schemas of {@link AmazonConnectProps}. */
export const connectShape = {
  communicator: z.union([z.literal('none'), sshCommunicatorSchema, winrmCommunicatorSchema]).optional(),
} as const;

/** ImportKeyPair takes RSA and ED25519: docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-key-pairs.html. */
const keyTypes: Rule = ({ communicator }) => {
  const { temporaryKeyPair } = (communicator ?? {}) as Partial<SshCommunicatorProps>;
  return temporaryKeyPair?.type === 'ecdsa'
    ? '`communicator.temporaryKeyPair.type` is `ecdsa`, and EC2 takes `ed25519` and `rsa`'
    : undefined;
};

/** What must hold between {@link AmazonConnectProps}. */
export const connectRules: readonly Rule[] = [keyTypes];
