import { GoldsmithError } from '../errors';
import { DOCKER_HUB } from './registry-host';

/** A name of an image, taken apart. */
export interface ImageReference {
  /** Without tag and digest, as it was written: `debian`, `registry.acme.test:5000/team/web`. */
  readonly name: string;
  /** Host of the registry, and port where one is given; `docker.io` where the name has none. */
  readonly registry: string;
  /** Path in the registry: `library/debian`, `team/web`. */
  readonly repository: string;
  /** Undefined where none is given: `latest` is meant, unless there is a digest. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

// Grammar: https://pkg.go.dev/github.com/distribution/reference (the comment at its top).
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d+)?$/;
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Takes a name apart as Docker does: `debian`, `acme/web:1.2`, `registry:5000/web@sha256:…`. */
export function parseReference(text: string): ImageReference {
  const found = read(text);
  if (!('problem' in found)) return found;
  throw new GoldsmithError('INVALID_PROPS', found.problem, {
    hint: 'one looks like debian:bookworm-slim, ghcr.io/acme/web:1.4, or localhost:5000/web@sha256:…',
  });
}

/** The same; undefined where the text is no name. */
export function tryReference(text: string): ImageReference | undefined {
  const found = read(text);
  return 'problem' in found ? undefined : found;
}

/** What is wrong with a name that is to be given to an image; undefined where nothing is. */
export function problemWithName(text: string): string | undefined {
  const found = read(text);
  if ('problem' in found) return found.problem;
  return found.digest === undefined ? undefined : `\`${text}\` has a digest, which nobody can choose`;
}

/** The name in full: `docker.io/library/debian:latest`. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${digest !== undefined ? `@${digest}` : `:${tag ?? 'latest'}`}`;
}

/** Whether two names mean one thing: `web` is `docker.io/library/web:latest`. Texts that are no names must be equal. */
export function isSameName(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => {
    const reference = tryReference(text);
    return reference ? formatReference(reference) : text;
  });
  return one === other;
}

/** A name that can be given to an image, with its tag said. */
export function withTag(name: string): string {
  return tryReference(name)?.tag === undefined ? `${name}:latest` : name;
}

/** A path as one word that a repository may be called: `Web/Docker` gives `web-docker`. */
export function repositoryOf(path: string): string {
  const words = path.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return words.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'image';
}

function read(text: string): ImageReference | { readonly problem: string } {
  const wrong = (why: string) => ({ problem: `\`${text}\` is no name of an image: ${why}` });
  const [named, digest] = splitAt(text, text.indexOf('@'));
  const [name, tag] = splitAt(named, named.indexOf(':', named.lastIndexOf('/') + 1));
  const host = hostIn(name);
  const path = host === undefined ? name : name.slice(host.length + 1);
  if (digest !== undefined && !DIGEST.test(digest)) return wrong('after an @ comes sha256: and 64 hexadecimal digits');
  if (tag !== undefined && !TAG.test(tag))
    return wrong(`its tag \`${tag}\` is not of at most 128 letters, digits, and _ . - after the first`);
  if (host !== undefined && !HOST.test(host)) return wrong(`\`${host}\` is no host`);
  if (!PATH.test(path)) return wrong(`\`${path}\` is not of lower case letters, digits, and single . _ - between them`);
  const registry = host === undefined || host === 'index.docker.io' ? DOCKER_HUB : host;
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  return { name, registry, repository, tag, digest };
}

/** The first part is a host when it has a dot or a port or is `localhost`: so Docker reads names. */
function hostIn(name: string): string | undefined {
  const first = name.slice(0, Math.max(name.indexOf('/'), 0));
  return first === 'localhost' || /[.:]/.test(first) ? first : undefined;
}

function splitAt(text: string, at: number): [before: string, after: string | undefined] {
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
