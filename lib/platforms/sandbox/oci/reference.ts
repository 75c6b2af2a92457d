import { GoldsmithError } from '../../../errors';

/** A name of an image, taken apart. */
export interface Reference {
  /** Host, and port where one is given: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** Path in the registry: `library/debian`. */
  readonly repository: string;
  /** `latest` where neither tag nor digest is given. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const DOCKER_HUB = 'docker.io';
/** Grammar of github.com/distribution/reference, in short. */
const PATH = /^[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

/** Takes a name apart, with Docker's defaults: its registry, its `library/`, and the tag `latest`. */
export function parseReference(text: string): Reference {
  const fail = (why: string): never => {
    throw new GoldsmithError('INVALID_PROPS', `\`${text}\` is no name of an image: ${why}`, {
      hint: 'one looks like debian:bookworm-slim, ghcr.io/acme/web:1.4, or localhost:5000/web@sha256:…',
    });
  };
  const [named = '', digest] = splitOnce(text, '@');
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) fail('what follows the @ is no sha256 digest');
  const slash = named.indexOf('/');
  const first = named.slice(0, Math.max(slash, 0));
  const hasHost = first === 'localhost' || /[.:]/.test(first);
  const registry = hasHost ? first : DOCKER_HUB;
  const rest = hasHost ? named.slice(slash + 1) : named;
  const colon = rest.lastIndexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) fail(`the tag \`${tag}\` has characters that a tag cannot have`);
  if (!PATH.test(path)) fail(`the path \`${path}\` is not of small letters, digits and single . _ - between them`);
  const isHub = registry === DOCKER_HUB || registry === 'index.docker.io';
  return {
    registry: isHub ? DOCKER_HUB : registry,
    repository: isHub && !path.includes('/') ? `library/${path}` : path,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  };
}

/** The name in full. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${digest !== undefined ? `@${digest}` : `:${tag ?? 'latest'}`}`;
}

/** Where the registry's API is: Docker's own is at another host than its name. */
export function apiHost(registry: string): string {
  return registry === DOCKER_HUB ? 'registry-1.docker.io' : registry;
}

/** Whether a registry is on this machine: such a one seldom has a certificate. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
