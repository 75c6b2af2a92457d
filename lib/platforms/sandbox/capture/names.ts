import type { RunContext } from '../../../extension/context';

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
  return given ?? `artifacts/${slug(ctx.run.app)}-${slug(ctx.node.id)}${SUFFIX[format]}`;
}

/** The name that the image has for whoever loads it. */
export function referenceOf(given: string | undefined, ctx: RunContext): string {
  const name = given ?? `${slug(ctx.run.app)}-${slug(ctx.node.image ?? ctx.node.id)}`;
  return /:[^/]*$/.test(name) ? name : `${name}:latest`;
}

/** A path as one word: `WebServer/Docker` gives `web-server-docker`. */
function slug(path: string): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return words.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
}
