/**
 * How long things take in life, in milliseconds. AWS promises none of it: these are of the size that builds of small instances see.
 */
export const TAKES = {
  /** Until an instance runs. */
  start: 9_000,
  /** Until its SSH server answers after that. */
  boot: 18_000,
  stop: 25_000,
  /** Snapshots of fast launch: Windows starts and is set up once for each, some at the same time. */
  fastLaunch: 900_000,
  /** Until the password of Windows is there: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetPasswordData.html says four minutes. */
  password: 240_000,
  terminate: 30_000,
  /** A snapshot, and for each gigabyte of the volume. */
  snapshot: 30_000,
  snapshotPerGigabyte: 2_000,
  /** A copy into another region, and for each gigabyte. */
  copy: 60_000,
  copyPerGigabyte: 6_000,
  /** Taking in a disk of a few gigabytes. */
  import: 300_000,
  /** A terminated instance is shown for about an hour: the page of TerminateInstances. */
  remembered: 3_600_000,
  /** Until a spot instance that is taken away is. */
  spot: 60_000,
} as const;
