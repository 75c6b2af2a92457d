import { GoldsmithError } from '../../../errors';
import { ownArchitecture } from '../store/image';
import type { Descriptor, Platform } from './media-types';

/** The one of an image's variants that is for a platform such as `linux/arm64/v8`; for this machine where none is named. */
export function choosePlatform(
  variants: readonly Descriptor[],
  platform: string | undefined,
  name: string,
): Descriptor {
  const [os = 'linux', architecture = ownArchitecture(), variant] = (platform ?? `linux/${ownArchitecture()}`).split(
    '/',
  );
  const candidates = variants.filter((one) => one.platform?.os === os && one.platform.architecture === architecture);
  const exact = candidates.find((one) => variant === undefined || one.platform?.variant === variant);
  // An index with one image that names no platform is of that image.
  const chosen = exact ?? (variants.length === 1 && variants[0]!.platform === undefined ? variants[0] : undefined);
  if (chosen) return chosen;
  const known = variants
    .map(({ platform: of }) => of && formatPlatform(of))
    .filter((text) => text !== undefined && !text.startsWith('unknown'));
  throw new GoldsmithError(
    'LOOKUP_FAILED',
    `${name} is not there for ${platform ?? `${os}/${architecture}`}; it is for ${known.join(', ') || 'no platform that it names'}`,
  );
}

function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}
