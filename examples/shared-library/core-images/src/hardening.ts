import { Construct } from 'constructs';
import { FileProvisioner, ShellProvisioner } from 'goldsmith';
import * as path from 'node:path';

/** Props of {@link Hardening}. */
export interface HardeningProps {
  /**
   * 1: what every machine gets. 2: also closes home folders.
   * @default 1
   */
  readonly level?: 1 | 2;
}

/** Several steps under one name: a group is a construct, and its steps run where it was created. */
export class Hardening extends Construct {
  constructor(scope: Construct, id: string, { level = 1 }: HardeningProps = {}) {
    super(scope, id);
    // A library names its own files by absolute paths. The plan holds their content, never the path.
    new FileProvisioner(this, 'Banner', { source: path.join(__dirname, '../files/issue'), destination: '/etc/issue' });
    new ShellProvisioner(this, 'Umask', {
      inline: ['mkdir -p /etc/profile.d', 'echo "umask 027" > /etc/profile.d/umask.sh'],
    });
    if (level === 2) new ShellProvisioner(this, 'Homes', { inline: ['chmod 700 /root'] });
  }
}
