import type { Construct } from 'constructs';
import { z } from 'zod';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { duration, props, text, type Rule } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { runWindowsUpdate } from './windows-update-run';

/** Props of {@link WindowsUpdateProvisioner}. */
export interface WindowsUpdateProvisionerProps extends ProvisionerProps {
  /**
   * Which updates to look for (Windows Update Agent, IUpdateSearcher::Search).
   * @default 'BrowseOnly=0 and IsInstalled=0'
   */
  readonly searchCriteria?: Text;
  /**
   * Which of them to install: `include:` or `exclude:` with an expression of PowerShell in which `$_` is the update. The first that is
   * true decides; where none is, it is left out.
   * @default ['include:$true']
   */
  readonly filters?: readonly Text[];
  /**
   * How many to install at a time, between restarts.
   * @default 1000
   */
  readonly updateLimit?: number;
  /**
   * So often it may happen that nothing could be installed.
   * @default 5
   */
  readonly updateMaxRetries?: number;
  /**
   * How long each restart may take: updates are finished while the machine starts.
   * @default '4h'
   */
  readonly restartTimeout?: string;
  /**
   * Who installs them, by a scheduled task.
   * @default 'SYSTEM'
   */
  readonly username?: Text;
  /**
   * Password of `username`: a `Secret`.
   * @default - none: it is a service account
   */
  readonly password?: Text;
}

const filterRule: Rule = ({ filters }) => {
  const wrong = ((filters as readonly unknown[] | undefined) ?? []).find(
    (filter) => typeof filter === 'string' && !/^(include|exclude):./s.test(filter),
  );
  return wrong === undefined
    ? undefined
    : `\`filters\` has ${JSON.stringify(wrong)}, but each must begin with \`include:\` or \`exclude:\``;
};

const schema = props<OwnProps<WindowsUpdateProvisionerProps>>()(
  {
    searchCriteria: text().optional(),
    filters: z.array(text()).min(1).optional(),
    updateLimit: z.number().int().min(1).optional(),
    updateMaxRetries: z.number().int().min(1).optional(),
    restartTimeout: duration().optional(),
    username: text().optional(),
    password: text().optional(),
  },
  filterRule,
);

/**
 * Installs what Windows Update offers, and restarts the machine, until nothing is left. As Packer's community plugin.
 *
 * @example
 * new WindowsUpdateProvisioner(web, 'Updates', {
 *   searchCriteria: 'IsInstalled=0',
 *   filters: ["exclude:$_.Title -like '*Preview*'", 'include:$true'],
 * });
 */
export class WindowsUpdateProvisioner extends Provisioner<WindowsUpdateProvisionerProps> {
  constructor(scope: Construct, id: string, props: WindowsUpdateProvisionerProps = {}) {
    super(scope, id, props, windowsUpdate);
  }
}

/** Props of an update as its runner gets them. */
export type WindowsUpdateConfig = z.output<typeof schema>;

/** Runs {@link WindowsUpdateProvisioner}. */
export const windowsUpdate: ProvisionerExtension<OwnProps<WindowsUpdateProvisionerProps>, WindowsUpdateConfig> = {
  kind: 'provisioner',
  use: 'windows-update',
  module: 'goldsmith',
  schema,
  run: runWindowsUpdate,
};
