import { problemWithName } from '../../../lib/oci/reference';
import { dockerBase } from '../../../lib/platforms/docker/base';
import { containerName, isOwnReference, ownReference } from '../../../lib/platforms/docker/names';

const sha = `sha256:${'a'.repeat(64)}`;

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
