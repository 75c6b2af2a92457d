import { dockerBase } from '../../../lib/platforms/docker/base';
import { containerName, isOwnReference, ownReference } from '../../../lib/platforms/docker/names';
import { parseReference, problemWithName } from '../../../lib/platforms/docker/reference';

const sha = `sha256:${'a'.repeat(64)}`;

describe('the name of an image', () => {
  test.each([
    ['debian', { repository: 'debian', registry: 'docker.io' }],
    ['debian:bookworm-slim', { repository: 'debian', registry: 'docker.io', tag: 'bookworm-slim' }],
    ['acme/web:1.4', { repository: 'acme/web', registry: 'docker.io', tag: '1.4' }],
    ['localhost/web', { repository: 'localhost/web', registry: 'localhost' }],
    ['127.0.0.1:5000/a/b:x', { repository: '127.0.0.1:5000/a/b', registry: '127.0.0.1:5000', tag: 'x' }],
    ['index.docker.io/library/debian', { repository: 'index.docker.io/library/debian', registry: 'docker.io' }],
    [`registry.acme.test/web:1@${sha}`, { repository: 'registry.acme.test/web', tag: '1', digest: sha }],
  ])('%s is read', (name, expected) => {
    expect(parseReference(name)).toMatchObject(expected);
  });

  test.each(['', 'Upper/case', 'a b', 'a:', 'a:b:c', '-a', 'a//b', 'a@sha256:12', `a@${sha}@${sha}`])(
    '%p is none',
    (name) => {
      expect(parseReference(name)).toBeUndefined();
    },
  );

  test('that somebody chooses has no digest', () => {
    expect(problemWithName(`web@${sha}`)).toMatch(/nobody can choose/);
    expect(problemWithName('Web')).toMatch(/lower case/);
    expect(problemWithName('web:Latest_1')).toBeUndefined();
  });
});

test('a tag can move and is looked up; a digest and an id are exact', () => {
  expect(dockerBase('debian:bookworm', 'linux/arm64')).toEqual({
    query: { image: 'debian:bookworm', platform: 'linux/arm64' },
  });
  expect(dockerBase(`debian:bookworm@${sha}`, undefined)).toEqual({
    exact: { image: `debian:bookworm@${sha}`, digest: `debian@${sha}` },
  });
  expect(dockerBase(sha, undefined)).toEqual({ exact: { image: sha, id: sha } });
  expect(dockerBase('No!', undefined)).toEqual({ problem: true });
});

test('names that goldsmith gives are valid, whatever the node is called, and known again', () => {
  const name = ownReference('artifact', 'Wéb App/DockerHub!', 'ab12');
  expect(name).toBe('goldsmith.local/artifact/w-b-app-docker-hub:ab12');
  expect(problemWithName(name)).toBeUndefined();
  expect(isOwnReference(name)).toBe(true);
  expect(problemWithName(ownReference('checkpoint', '!!!', 'a token with / and spaces'))).toBeUndefined();
  expect(containerName('..odd token')).toMatch(/^goldsmith-[0-9a-f]{32}$/);
});
