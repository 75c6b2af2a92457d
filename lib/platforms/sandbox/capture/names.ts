import type { RunContext } from '../../../extension/context';
import { repositoryOf, withTag } from '../../../oci/reference';

/** What an image is captured as. */
export type Format = 'oci-archive' | 'oci-layout' | 'docker-archive' | 'rootfs-tar' | 'directory';

const SUFFIX: Readonly<Record<Format, string>> = {
  'oci-archive': '.oci.tar',
  'oci-layout': '.oci',
  'docker-archive': '.docker.tar',
  'rootfs-tar': '.rootfs.tar',
  directory: '',
};

/** Where the artifact goes, as the user wrote it or would have. */
export function outputOf(given: string | undefined, format: Format, ctx: RunContext): string {
  return given ?? `artifacts/${repositoryOf(ctx.run.app)}-${repositoryOf(ctx.node.id)}${SUFFIX[format]}`;
}

/** The name that the image has for whoever loads it. */
export function referenceOf(given: string | undefined, ctx: RunContext): string {
  return withTag(given ?? `${repositoryOf(ctx.run.app)}-${repositoryOf(ctx.node.image ?? ctx.node.id)}`);
}
