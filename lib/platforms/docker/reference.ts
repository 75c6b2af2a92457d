/** What a name of an image says. */
export interface ImageReference {
  /** As it was written. */
  readonly name: string;
  /** Without tag and digest, as it was written: `debian`, `registry.acme.test:5000/team/web`. */
  readonly repository: string;
  /** Host of the registry; `docker.io` where the name has none. */
  readonly registry: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Host of the registry that names without a host belong to. */
export const DOCKER_HUB = 'docker.io';

const ID = /^sha256:[0-9a-f]{64}$/;
// Grammar: https://pkg.go.dev/github.com/distribution/reference (the comment at its top).
const HOST = /^[A-Za-z0-9.-]+(?::\d+)?$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whether a text is the id of an image: content-addressed, so it cannot move. */
export function isImageId(text: string): boolean {
  return ID.test(text);
}

/** Reads a name such as `debian`, `acme/web:1.2` or `registry:5000/web@sha256:…`; undefined where it is none. */
export function parseReference(name: string): ImageReference | undefined {
  const [withTag, digest, ...more] = name.split('@') as [string, ...string[]];
  const colon = withTag.indexOf(':', withTag.lastIndexOf('/') + 1);
  const repository = colon < 0 ? withTag : withTag.slice(0, colon);
  const tag = colon < 0 ? undefined : withTag.slice(colon + 1);
  const host = hostIn(repository);
  const path = host === undefined ? repository : repository.slice(host.length + 1);
  if (more.length > 0 || !PATH.test(path) || (host !== undefined && !HOST.test(host))) return undefined;
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  if (digest !== undefined && !DIGEST.test(digest)) return undefined;
  return {
    name,
    repository,
    registry: host === undefined || host === 'index.docker.io' ? DOCKER_HUB : host,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** What is wrong with a name that is to be given to an image; undefined where nothing is. */
export function problemWithName(name: string): string | undefined {
  const reference = parseReference(name);
  if (!reference) {
    return `${JSON.stringify(name)} is no name of an image: write it as [HOST[:PORT]/]NAME[:TAG], in lower case but for host and tag`;
  }
  return reference.digest === undefined ? undefined : `${JSON.stringify(name)} has a digest, which nobody can choose`;
}

/** The first part is a host when it has a dot or a port or is `localhost`: so Docker reads names. */
function hostIn(repository: string): string | undefined {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? '' : repository.slice(0, slash);
  return first.includes('.') || first.includes(':') || first === 'localhost' ? first : undefined;
}
