import {
  formatReference,
  isSameName,
  parseReference,
  problemWithName,
  repositoryOf,
  tryReference,
  withTag,
} from '../../lib/oci/reference';

const sha = `sha256:${'a'.repeat(64)}`;

describe('the name of an image', () => {
  test.each([
    ['debian', { name: 'debian', registry: 'docker.io', repository: 'library/debian', tag: undefined }],
    ['debian:bookworm-slim', { name: 'debian', registry: 'docker.io', tag: 'bookworm-slim' }],
    ['acme/web:1.4', { name: 'acme/web', registry: 'docker.io', repository: 'acme/web', tag: '1.4' }],
    ['localhost/web', { name: 'localhost/web', registry: 'localhost', repository: 'web' }],
    ['127.0.0.1:5000/a/b:x', { name: '127.0.0.1:5000/a/b', registry: '127.0.0.1:5000', repository: 'a/b', tag: 'x' }],
    ['[::1]:5000/web', { name: '[::1]:5000/web', registry: '[::1]:5000', repository: 'web' }],
    ['index.docker.io/library/debian', { name: 'index.docker.io/library/debian', registry: 'docker.io' }],
    [`registry.acme.test/web:1@${sha}`, { name: 'registry.acme.test/web', tag: '1', digest: sha }],
  ])('%s is read', (name, expected) => {
    expect(parseReference(name)).toMatchObject(expected);
  });

  test.each([
    ['debian', 'docker.io/library/debian:latest'],
    ['debian:bookworm-slim', 'docker.io/library/debian:bookworm-slim'],
    ['acme/web', 'docker.io/acme/web:latest'],
    ['index.docker.io/acme/web', 'docker.io/acme/web:latest'],
    ['ghcr.io/acme/deep/web:1.4', 'ghcr.io/acme/deep/web:1.4'],
    ['localhost/web', 'localhost/web:latest'],
    ['localhost:5000/web', 'localhost:5000/web:latest'],
    ['127.0.0.1:5000/a/b:t', '127.0.0.1:5000/a/b:t'],
    [`debian@${sha}`, `docker.io/library/debian@${sha}`],
    [`debian:12@${sha}`, `docker.io/library/debian@${sha}`],
  ])('%s means %s', (given, full) => {
    expect(formatReference(parseReference(given))).toBe(full);
  });

  test.each([
    '',
    'Debian',
    'Upper/case',
    'a b',
    'a:',
    'a:b:c',
    'debian:b c',
    '-a',
    'a//b',
    'localhost:5000/',
    'not.a_host/web',
    'a@sha256:12',
    `a@${sha}@${sha}`,
  ])('%j is none, and the error says how one looks', (given) => {
    expect(tryReference(given)).toBeUndefined();
    expect(() => parseReference(given)).toThrow(
      expect.objectContaining({
        code: 'INVALID_PROPS',
        message: expect.stringContaining(`\`${given}\` is no name of an image: `) as string,
        hint: expect.stringContaining('debian:bookworm-slim') as string,
      }),
    );
  });

  test('that somebody chooses has no digest', () => {
    expect(problemWithName(`web@${sha}`)).toMatch(/nobody can choose/);
    expect(problemWithName('Web')).toMatch(/lower case/);
    expect(problemWithName('web:Latest_1')).toBeUndefined();
  });

  test('is the same as another that means the same', () => {
    expect(isSameName('web', 'docker.io/library/web:latest')).toBe(true);
    expect(isSameName('web:1', 'index.docker.io/library/web:1')).toBe(true);
    expect(isSameName('web:1', 'web:2')).toBe(false);
    expect(isSameName('acme.test/web', 'web')).toBe(false);
    expect(isSameName('<none>', 'web')).toBe(false);
    expect(isSameName('No Name', 'No Name')).toBe(true);
  });
});

test('a tag is said where none is given', () => {
  expect(['web', 'web:1', 'localhost:5000/web'].map(withTag)).toEqual([
    'web:latest',
    'web:1',
    'localhost:5000/web:latest',
  ]);
});

test('a path is made a word that a repository may be called', () => {
  expect(['WebServer/Docker', 'Wéb App!', '!!!'].map(repositoryOf)).toEqual(['web-server-docker', 'w-b-app', 'image']);
});
