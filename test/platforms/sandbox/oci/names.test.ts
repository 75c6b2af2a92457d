import { apiHost, formatReference, isLoopback, parseReference } from '../../../../lib/platforms/sandbox/oci/reference';
import { choosePlatform } from '../../../../lib/platforms/sandbox/oci/platform';

describe('names of images', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  test.each([
    ['debian', 'docker.io/library/debian:latest'],
    ['debian:bookworm-slim', 'docker.io/library/debian:bookworm-slim'],
    ['acme/web', 'docker.io/acme/web:latest'],
    ['index.docker.io/acme/web', 'docker.io/acme/web:latest'],
    ['ghcr.io/acme/deep/web:1.4', 'ghcr.io/acme/deep/web:1.4'],
    ['localhost/web', 'localhost/web:latest'],
    ['localhost:5000/web', 'localhost:5000/web:latest'],
    ['127.0.0.1:5000/a/b:t', '127.0.0.1:5000/a/b:t'],
    [`debian@${digest}`, `docker.io/library/debian@${digest}`],
    [`debian:12@${digest}`, `docker.io/library/debian@${digest}`],
  ])('%s means %s', (given, full) => {
    expect(formatReference(parseReference(given))).toBe(full);
  });

  test.each(['', 'Debian', 'a//b', 'debian:', 'debian:b c', 'web@sha256:12', '-web', 'localhost:5000/'])(
    '%j is none, and the error says how one looks',
    (given) => {
      expect(() => parseReference(given)).toThrow(
        expect.objectContaining({ code: 'INVALID_PROPS', hint: expect.stringContaining('debian:bookworm-slim') }),
      );
    },
  );

  test('only addresses of this machine count as loopback', () => {
    expect(['localhost:5000', '127.0.0.1', '127.8.9.1:80', '[::1]:5000', 'a.localhost'].every(isLoopback)).toBe(true);
    expect(['127.example.com', 'localhost.example.com', '10.0.0.1', 'docker.io'].some(isLoopback)).toBe(false);
  });

  test('the API of docker.io is at another host', () => {
    expect(apiHost('docker.io')).toBe('registry-1.docker.io');
    expect(apiHost('ghcr.io')).toBe('ghcr.io');
  });
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
  });

  test('says what there is where the platform is not', () => {
    expect(() => choosePlatform([one('amd64'), one('arm64', 'v8')], 'linux/s390x', 'web')).toThrow(
      'web is not there for linux/s390x; it is for linux/amd64, linux/arm64/v8',
    );
  });
});
