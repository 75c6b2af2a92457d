import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

/**
 * How long things take at least in most cases, in milliseconds. AWS promises none of it: these are of the size that builds of small
 * instances see.
 */
export const USUALLY = {
  run: 10_000,
  stop: 20_000,
  terminate: 30_000,
  snapshot: 30_000,
  image: 40_000,
  copy: 90_000,
} as const;

/** How something is waited for: as the config says, else at most `longest` milliseconds. */
export function patience(
  { awsPolling }: Pick<AmazonEbsConfig, 'awsPolling'>,
  usually: number,
  longest: number,
): { readonly usually: number; readonly timeout: number; readonly pause?: number } {
  const { delaySeconds, maxAttempts } = awsPolling ?? {};
  const pause = delaySeconds === undefined ? undefined : delaySeconds * 1000;
  return {
    usually: pause === undefined ? usually : 0,
    timeout: maxAttempts === undefined ? longest : maxAttempts * (pause ?? 5_000),
    ...(pause !== undefined && { pause }),
  };
}
