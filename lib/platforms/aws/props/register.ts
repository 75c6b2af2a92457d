import { z } from 'zod';
import type { Rule } from '../../../extension/props';

/** What the image is registered as: of its own, since it is made of a volume and of no instance. */
export interface AmazonRegisterProps {
  /** Architecture of what is on the volume. @default 'x86_64' */
  readonly amiArchitecture?: 'arm64' | 'arm64_mac' | 'i386' | 'x86_64' | 'x86_64_mac';
  /** How it boots. @default - AWS's, by the type of the instance */
  readonly bootMode?: 'legacy-bios' | 'uefi' | 'uefi-preferred';
  /** UEFI variable store in base64, with the keys of Secure Boot, as GetInstanceUefiData gives it. @default - none */
  readonly uefiData?: string;
  /** A virtual TPM, version 2.0, in instances. @default - none */
  readonly tpmSupport?: 'v2.0';
}

/** Schemas of {@link AmazonRegisterProps}. */
export const registerShape = {
  amiArchitecture: z.enum(['arm64', 'arm64_mac', 'i386', 'x86_64', 'x86_64_mac']).optional(),
  bootMode: z.enum(['legacy-bios', 'uefi', 'uefi-preferred']).optional(),
  uefiData: z.string().min(1).optional(),
  tpmSupport: z.literal('v2.0').optional(),
} as const;

/** docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-boot.html, and enable-nitrotpm-prerequisites.html. */
const uefi: Rule = ({ bootMode, uefiData, tpmSupport, amiArchitecture }) => {
  const isUefi = bootMode === 'uefi' || bootMode === 'uefi-preferred';
  const given = uefiData !== undefined ? 'uefiData' : tpmSupport !== undefined ? 'tpmSupport' : undefined;
  if (given !== undefined && !isUefi) return `\`${given}\` needs \`bootMode\` to be \`uefi\` or \`uefi-preferred\``;
  const isArm = amiArchitecture === 'arm64' || amiArchitecture === 'arm64_mac';
  return isArm && bootMode !== undefined && bootMode !== 'uefi'
    ? `\`bootMode\` is \`${bootMode}\`, and \`amiArchitecture\` \`${amiArchitecture}\` boots by \`uefi\` only`
    : undefined;
};

/** What must hold between {@link AmazonRegisterProps}. */
export const registerRules: readonly Rule[] = [uefi];
