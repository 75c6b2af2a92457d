import { z } from 'zod';
import { text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';
import { wantsSpot } from './run';
import { needs } from './rules';

/** Protects an image from being deregistered. */
export interface DeregistrationProtection {
  /** Whether it is protected. @default false */
  readonly enabled?: boolean;
  /** Stays protected for 24 hours after the protection was ended. @default false */
  readonly withCooldown?: boolean;
}

/** A launch template that EC2 Fast Launch uses. */
export interface FastLaunchTemplate {
  /** Region that it is for. */
  readonly region: string;
  /** Whether fast launch is on in the region. @default true */
  readonly enableFastLaunch?: boolean;
  /** Id of the template. @default - `templateName` */
  readonly templateId?: string;
  /** Name of the template. @default - `templateId` */
  readonly templateName?: string;
  /** Version of the template. @default - the newest */
  readonly templateVersion?: number;
}

/** EC2 Fast Launch of Windows images: snapshots on which the first boot is done. */
export interface FastLaunch {
  /** Whether it is on. @default false */
  readonly enableFastLaunch?: boolean;
  /** Launch template in the region of the build, by id. @default - AWS's own settings */
  readonly templateId?: string;
  /** The same by name. @default - AWS's own settings */
  readonly templateName?: string;
  /** Version of the template. @default - the newest */
  readonly templateVersion?: number;
  /** Templates of the other regions. @default - AWS's own settings */
  readonly regionLaunchTemplates?: readonly FastLaunchTemplate[];
  /** Instances that prepare snapshots at the same time, at least 6. @default - AWS's, 6 */
  readonly maxParallelLaunches?: number;
  /** Snapshots that are kept ready. @default 5 */
  readonly targetResourceCount?: number;
}

/** What was there before, and how long the image lives. Packer's AMIConfig. */
export interface AmazonLifecycleProps {
  /** Deregisters an image of the same name first. @default - only with `--force` */
  readonly forceDeregister?: boolean;
  /** With `forceDeregister`, also deletes that image's snapshots. @default false */
  readonly forceDeleteSnapshot?: boolean;
  /** When the image counts as deprecated: a time such as `2027-01-31T00:00:00Z`. @default - never */
  readonly deprecateAt?: Text;
  /** Protects it from being deregistered; goldsmith ends that before it deletes an image of its own. @default - not protected */
  readonly deregistrationProtection?: DeregistrationProtection;
  /** Whether the image has enhanced networking by ENA. @default - as the base */
  readonly enaSupport?: boolean;
  /** Gives the image enhanced networking by the Intel 82599 VF. @default - as the base */
  readonly sriovSupport?: boolean;
  /** EC2 Fast Launch, for Windows. @default - off */
  readonly fastLaunch?: FastLaunch;
}

const template = {
  enableFastLaunch: z.boolean().optional(),
  templateId: z.string().optional(),
  templateName: z.string().optional(),
  templateVersion: z.number().int().min(1).optional(),
};

/** Schemas of {@link AmazonLifecycleProps}. */
export const lifecycleShape = {
  forceDeregister: z.boolean().optional(),
  forceDeleteSnapshot: z.boolean().optional(),
  deprecateAt: text().optional(),
  deregistrationProtection: z
    .strictObject({ enabled: z.boolean().optional(), withCooldown: z.boolean().optional() })
    .optional(),
  enaSupport: z.boolean().optional(),
  sriovSupport: z.boolean().optional(),
  fastLaunch: z
    .strictObject({
      ...template,
      regionLaunchTemplates: z.array(z.strictObject({ region: z.string(), ...template })).optional(),
      maxParallelLaunches: z.number().int().min(6).optional(),
      targetResourceCount: z.number().int().min(1).optional(),
    })
    .optional(),
} as const;

const date: Rule = ({ deprecateAt }) => {
  if (typeof deprecateAt !== 'string') return undefined;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(deprecateAt);
  return isTime && !Number.isNaN(Date.parse(deprecateAt))
    ? undefined
    : `\`deprecateAt\` is \`${deprecateAt}\`, and must be a time such as \`2027-01-31T00:00:00Z\``;
};

const notWithSpot: Rule = (given) => {
  const { enaSupport, sriovSupport } = given;
  const prop = enaSupport !== undefined ? 'enaSupport' : sriovSupport === true ? 'sriovSupport' : undefined;
  return prop !== undefined && wantsSpot(given)
    ? `\`${prop}\` is set on a stopped instance, and spot instances cannot be stopped`
    : undefined;
};

const oneTemplate: Rule = ({ fastLaunch }) => {
  const { templateId, templateName, regionLaunchTemplates = [] } = (fastLaunch ?? {}) as FastLaunch;
  const all = [{ templateId, templateName, region: 'the build' }, ...regionLaunchTemplates];
  const both = all.find((one) => one.templateId !== undefined && one.templateName !== undefined);
  return both && `\`fastLaunch\` has \`templateId\` and \`templateName\` for ${both.region}; give one of them`;
};

/** What must hold between {@link AmazonLifecycleProps}. */
export const lifecycleRules: readonly Rule[] = [
  needs('forceDeleteSnapshot', 'forceDeregister'),
  date,
  notWithSpot,
  oneTemplate,
];
