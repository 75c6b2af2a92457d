import { GoldsmithError } from '../errors';

/** Which machines an image is for. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** As much of a platform as is known. */
export type SomePlatform = { readonly [part in keyof Platform]?: string | undefined };

/** Operating systems that Docker knows by themselves, without an architecture: https://pkg.go.dev/github.com/containerd/platforms */
const SYSTEMS = ['linux', 'windows', 'darwin', 'freebsd'];

/** The parts of a text such as `linux/arm64/v8`. One word is an operating system or, mostly, an architecture: as Docker reads it. */
export function parsePlatform(text: string): SomePlatform {
  const [first = '', architecture, variant] = text.split('/');
  if (architecture === undefined) return SYSTEMS.includes(first) ? { os: first } : { architecture: first };
  return { os: first, architecture, ...(variant !== undefined && { variant }) };
}

/** Whether an image is for the platform that is wanted. What either of them does not say is no difference. */
export function isFor(wanted: SomePlatform, image: SomePlatform): boolean {
  const agree = (a: string | undefined, b: string | undefined): boolean => !a || !b || a === b;
  return (
    agree(wanted.os, image.os) && agree(wanted.architecture, image.architecture) && agree(wanted.variant, image.variant)
  );
}

/** The one of an image's variants that is for a platform such as `linux/arm64/v8`; for this machine where none is named. */
export function choosePlatform<T extends { readonly platform?: Platform }>(
  variants: readonly T[],
  platform: string | undefined,
  name: string,
): T {
  const { os = 'linux', architecture = ownArchitecture(), variant } = parsePlatform(platform ?? 'linux');
  const wanted: Platform = { os, architecture, variant };
  const candidates = variants.filter((one) => one.platform && isFor(wanted, one.platform));
  const exact = candidates.find((one) => one.platform?.variant === variant);
  // An index with one image that names no platform is of that image.
  const only = variants.length === 1 && variants[0]!.platform === undefined ? variants[0] : undefined;
  const chosen = exact ?? candidates[0] ?? only;
  if (chosen) return chosen;
  const known = variants.flatMap((one) => (one.platform ? formatPlatform(one.platform) : []));
  const all = known.filter((text) => !text.startsWith('unknown')).join(', ');
  throw new GoldsmithError(
    'LOOKUP_FAILED',
    `${name} is not there for ${formatPlatform(wanted)}; it is for ${all || 'no platform that it names'}`,
  );
}

/** The architecture of this machine in the words of images: Go's. */
export function ownArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
  return names[process.arch] ?? process.arch;
}

function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}
