import { choosePlatform, isFor, ownArchitecture, parsePlatform, type Platform } from '../../lib/oci/platform';

test('a platform is an operating system, an architecture and its variant; one word is the one or the other', () => {
  expect(parsePlatform('linux/arm64/v8')).toEqual({ os: 'linux', architecture: 'arm64', variant: 'v8' });
  expect(parsePlatform('linux/amd64')).toEqual({ os: 'linux', architecture: 'amd64' });
  expect(parsePlatform('arm64')).toEqual({ architecture: 'arm64' });
  expect(parsePlatform('linux')).toEqual({ os: 'linux' });
});

test('an image is for a platform that it does not contradict', () => {
  const image = { os: 'linux', architecture: 'arm', variant: 'v7' };
  expect(['linux', 'arm', 'linux/arm', 'linux/arm/v7'].every((wanted) => isFor(parsePlatform(wanted), image))).toBe(
    true,
  );
  expect(
    ['windows', 'arm64', 'linux/amd64', 'linux/arm/v6'].some((wanted) => isFor(parsePlatform(wanted), image)),
  ).toBe(false);
  expect(isFor(parsePlatform('linux/arm64/v8'), { os: 'linux', architecture: 'arm64', variant: '' })).toBe(true);
});

describe('choosing a variant', () => {
  const one = (architecture: string, variant?: string) => ({
    mediaType: 'm',
    digest: `sha256:${architecture}${variant ?? ''}`,
    size: 1,
    platform: { os: 'linux', architecture, ...(variant !== undefined && { variant }) },
  });

  test('takes the platform that was named', () => {
    expect(choosePlatform([one('amd64'), one('arm', 'v6'), one('arm', 'v7')], 'linux/arm/v7', 'web').digest).toBe(
      'sha256:armv7',
    );
    expect(choosePlatform([one('amd64'), one('arm64', 'v8')], 'linux/arm64', 'web').digest).toBe('sha256:arm64v8');
    expect(choosePlatform([one('amd64'), one('arm64')], 'arm64', 'web').digest).toBe('sha256:arm64');
  });

  test('takes one that names no variant where the named one is not there', () => {
    const variants = [one('arm', 'v6'), one('arm')];
    expect(choosePlatform(variants, 'linux/arm/v7', 'web').digest).toBe('sha256:arm');
    expect(choosePlatform(variants, 'linux/arm/v6', 'web').digest).toBe('sha256:armv6');
  });

  test('takes this machine where none is named, and what names none where it is alone', () => {
    const others = ['amd64', 'arm64', 's390x'].filter((architecture) => architecture !== ownArchitecture());
    const own = one(ownArchitecture());
    expect(choosePlatform([...others.map((name) => one(name)), own], undefined, 'web')).toBe(own);
    const unnamed: { readonly digest: string; readonly platform?: Platform } = { digest: own.digest };
    expect(choosePlatform([unnamed], undefined, 'web')).toBe(unnamed);
  });

  test('says what there is where the platform is not', () => {
    expect(() => choosePlatform([one('amd64'), one('arm64', 'v8')], 'linux/s390x', 'web')).toThrow(
      'web is not there for linux/s390x; it is for linux/amd64, linux/arm64/v8',
    );
  });
});
