import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

/** How long something is waited for and how often it is looked at: as the config says, else `longest` milliseconds. */
export function timeout(
  { awsPolling }: Pick<AmazonEbsConfig, 'awsPolling'>,
  longest: number,
): { readonly timeout: number; readonly pause?: number } {
  const { delaySeconds = 5, maxAttempts } = awsPolling ?? {};
  return {
    timeout: maxAttempts === undefined ? longest : maxAttempts * delaySeconds * 1000,
    ...(awsPolling?.delaySeconds !== undefined && { pause: delaySeconds * 1000 }),
  };
}
