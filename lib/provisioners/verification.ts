import type { Construct } from 'constructs';
import type { z } from 'zod';
import { VerificationBase, type VerificationBaseProps } from '../core/verification-base';
import { props } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { environmentRule, environmentShape, type EnvironmentProps } from './environment';
import type { CommandCheck } from './verification/command';
import type { FileCheck } from './verification/file';
import { gossProblems } from './verification/goss-binary';
import type { PortCheck } from './verification/port';
import { checksShape, expression, gossRule, someCheck } from './verification/props';
import { runVerification } from './verification/run';
import type { ServiceCheck } from './verification/service';

export type { CommandCheck, FileCheck, PortCheck, ServiceCheck };

/** Props of {@link Verification}. At least one check. */
export interface VerificationProps extends VerificationBaseProps, EnvironmentProps {
  /**
   * Commands that must work; a plain string must end with exit status 0.
   * @default - none
   */
  readonly commands?: readonly (Text | CommandCheck)[];
  /**
   * Files to look at.
   * @default - none
   */
  readonly files?: readonly FileCheck[];
  /**
   * Ports that must be listened at, or must not; a plain number is a TCP port that must. They are waited for.
   * @default - none
   */
  readonly ports?: readonly (number | PortCheck)[];
  /**
   * Services that must run, or must not; a plain name must. They are waited for. systemd, OpenRC and init scripts are asked.
   * @default - none
   */
  readonly services?: readonly (string | ServiceCheck)[];
  /**
   * No key that a build made for itself, goldsmith's or Packer's, lets anybody into the image.
   * @default false
   */
  readonly noTemporaryKeys?: boolean;
  /**
   * Two machines that are started from the image differ in their SSH host keys and their machine id. What is not there, or comes at
   * the first boot, cannot be the same. Starts a second machine while the first is still there.
   * @default false
   */
  readonly uniqueIdentity?: boolean;
  /**
   * A file of tests for goss (https://goss.rocks), or a folder with a `goss.yaml` in it. Each of its results is a check. It runs as
   * root where the login user is root or becomes it by sudo, again and again until all is well or `within` is over.
   * @default - none
   */
  readonly goss?: Text;
  /**
   * Variables for the tests, as YAML or JSON.
   * @default - none
   */
  readonly gossVarsFile?: Text;
  /**
   * The program goss, for Linux and the image's processor. It is sent to the machine, and deleted there. By its content it is part of
   * the plan.
   * @default - the one in PATH
   */
  readonly gossBinary?: Text;
  /**
   * How long ports, services and goss may take until all is well, such as `2m`: a machine answers before all of it has started.
   * @default '30s'
   */
  readonly within?: string;
}

type OwnVerificationProps = Omit<VerificationProps, keyof VerificationBaseProps>;

const schema = props<OwnVerificationProps>()(
  { ...checksShape, ...environmentShape },
  someCheck,
  expression,
  gossRule,
  environmentRule,
);

/**
 * Checks on a fresh boot of the finished image. What fails is not published, tagged, or handed to post-processors and dependants.
 *
 * @example
 * new Verification(web, 'Serves', {
 *   services: ['nginx'],
 *   ports: [80, { port: 22, listening: false }],
 *   commands: ['nginx -t', { command: 'nginx -v', stderr: 'nginx/1.' }],
 *   files: [{ path: '/var/www/html/index.html', mode: '0644' }],
 * });
 */
export class Verification extends VerificationBase<VerificationProps> {
  constructor(scope: Construct, id: string, props: VerificationProps) {
    super(scope, id, props, verification);
  }
}

/** Props of a verification as its runner gets them. */
export type VerificationConfig = z.output<typeof schema>;

/** Runs {@link Verification}. */
export const verification: ProvisionerExtension<OwnVerificationProps, VerificationConfig> = {
  kind: 'provisioner',
  use: 'verification',
  module: 'goldsmith',
  schema,
  passive: true,
  preflight: async ({ goss, gossBinary }, ctx) => (goss === undefined ? [] : gossProblems(gossBinary, ctx)),
  run: runVerification,
};
