import type { Construct } from 'constructs';
import { Image, type ImageProps, ShellProvisioner, Verification } from 'goldsmith';
import { Hardening, type HardeningProps } from './hardening';

/** Props of {@link AcmeCore}. */
export interface AcmeCoreProps extends ImageProps, HardeningProps {
  /** Team that answers for the image. */
  readonly owner: string;
}

/** The image that all others start from. It has no source: who uses it adds the platforms. */
export class AcmeCore extends Image {
  constructor(scope: Construct, id: string, { owner, level = 1, ...image }: AcmeCoreProps) {
    super(scope, id, image);
    new ShellProvisioner(this, 'Owner', {
      env: { OWNER: owner },
      inline: ['mkdir -p /etc/acme', 'echo "$OWNER" > /etc/acme/owner'],
    });
    new Hardening(this, 'Hardening', { level });
    new Verification(this, 'Hardened', {
      files: [
        { path: '/etc/issue', contains: 'Acme' },
        { path: '/etc/acme/owner', contains: owner },
      ],
    });
  }
}
