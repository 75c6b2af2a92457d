import { createHash } from 'node:crypto';
import { repositoryOf } from '../../oci/reference';

/** Host in the names of images that are goldsmith's own business. No such host exists, so none of them can be pushed. */
const OWN_HOST = 'goldsmith.local';

/** Name of a build's container: found again by it when the engine's answer to its creation was lost. */
export function containerName(token: string): string {
  return `goldsmith-${word(token)}`;
}

/**
 * Name of an image that a build makes, found again in the same way. It also keeps the image from being "dangling", which
 * `docker image prune` would delete.
 */
export function ownReference(
  kind: 'artifact' | 'checkpoint' | 'dockerfile' | 'import',
  node: string,
  token: string,
): string {
  // 255 characters are allowed in all: NameTotalLengthMax of github.com/distribution/reference.
  const repository = repositoryOf(node).slice(0, 100).replace(/-+$/, '');
  return `${OWN_HOST}/${kind}/${repository}:${word(token)}`;
}

/** Whether a name was made by {@link ownReference}. */
export function isOwnReference(name: string): boolean {
  return name.startsWith(`${OWN_HOST}/`);
}

/** Which image it is of which creation, by a name of {@link ownReference}. */
export function partsOfReference(name: string): { readonly role: string; readonly token: string } {
  const [, role = '', ...rest] = name.split('/');
  return { role, token: rest.join('/').split(':').at(-1)! };
}

/** Of which creation a container is, by its name; undefined where the name is none of {@link containerName}. */
export function tokenOfContainer(name: string): string | undefined {
  return /^\/?goldsmith-(.+)$/.exec(name)?.[1];
}

/** Fit for a container's name and for a tag. */
function word(token: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{1,99}$/.test(token)
    ? token
    : createHash('sha256').update(token).digest('hex').slice(0, 32);
}

/** What runs goldsmith's commands in a container: by this it is told from what steps have left running. */
export const SESSION_SHELL = ['/bin/sh', '-s'] as const;
