import { App, Image } from '../../../lib';
import { BaseImage } from '../../../lib/core/base-image';
import { docker, DockerSource, DockerTagPostProcessor, type DockerConfigProps } from '../../../lib/platforms/docker';
import * as index from '../../../lib/platforms/docker';
import { isExtension } from '../../../lib/extension';
import { text } from '../../../lib/core/output';

test('the module exports the extensions that plans name', () => {
  const found = Object.values<unknown>(index).flatMap((value) =>
    isExtension(value) ? [`${value.module} ${value.use}`] : [],
  );
  expect(found.sort()).toEqual([
    'goldsmith/docker docker',
    'goldsmith/docker docker-import',
    'goldsmith/docker docker-push',
    'goldsmith/docker docker-save',
    'goldsmith/docker docker-tag',
  ]);
});

describe('the schema', () => {
  const problem = (props: object): string => {
    const result = docker.schema.safeParse(props as DockerConfigProps);
    return result.success ? '' : result.error.issues.map(({ message }) => message).join('; ');
  };

  test.each<[object, RegExp]>([
    [{ commit: true, discard: true }, /at most one of `commit`, `exportPath`, `discard`/],
    [{ exportPath: 'x', discard: true }, /at most one/],
    [{ commit: false }, /one must be given/],
    [{ exportPath: 'x', changes: ['CMD ["a"]'] }, /with `exportPath` none is made/],
    [{ discard: true, tags: ['a:b'] }, /with `discard` none is made/],
    [{ changes: ['RUN x'] }, /none of CMD/],
    [{ tags: ['Not A Name'] }, /`tags`: `Not A Name` is no name/],
    [{ login: true }, /needs `loginUsername`/],
    [{ loginUsername: 'u' }, /go together, given is only `loginUsername`/],
    [{ platform: 'Linux' }, /a platform such as/],
    [{ capAdd: ['sys-admin'] }, /a capability/],
    [{ tmpfs: ['tmp'] }, /absolute path/],
    [{ image: 'debian' }, /Unrecognized key/],
  ])('refuses %p', (props, message) => {
    expect(problem(props)).toMatch(message);
  });

  test.each<[object]>([
    [{}],
    [{ commit: true, discard: false }],
    [{ commit: false, discard: true }],
    [{ commit: false, exportPath: 'a.tar' }],
    [{ pull: true }],
    [{ pull: 'never' }],
    [{ tags: [{ $text: ['a:', { $now: { format: 'YYYY' } }] }] }],
  ])('takes %p', (props) => {
    expect(problem(props)).toBe('');
  });

  test('knows what is made', () => {
    expect([{}, { exportPath: 'x' }, { discard: true }].map((config) => docker.produces(config))).toEqual([
      'docker-image',
      'docker-export',
      undefined,
    ]);
  });
});

describe('a source', () => {
  const image = (): Image => new Image(new App('test', { baseDir: __dirname }), 'Web');

  test('with a tag looks it up, with a digest does not', () => {
    const digest = `debian@sha256:${'a'.repeat(64)}`;
    expect(new DockerSource(image(), 'D', { base: 'debian:bookworm' }).base()!.spec).toEqual({
      kind: 'lookup',
      lookup: { use: 'docker', query: { image: 'debian:bookworm' }, label: 'docker debian:bookworm' },
    });
    expect(new DockerSource(image(), 'D', { base: digest }).base()!.spec).toEqual({
      kind: 'exact',
      value: { image: digest, digest },
    });
  });

  test('of another platform is looked up for that', () => {
    const source = new DockerSource(image(), 'D', { base: 'debian', platform: 'linux/arm64' });
    expect(source.base()!.spec).toMatchObject({ lookup: { query: { image: 'debian', platform: 'linux/arm64' } } });
  });

  test('that is derived has the same props, without names, base and Dockerfile', () => {
    const core = new DockerSource(image(), 'D', { build: { path: 'Dockerfile' }, privileged: true, tags: ['a:1'] });
    const web = image();
    const derived = core.derive(web, 'D', { execUser: 'root' }, BaseImage.of(core)) as DockerSource;
    expect(derived.props).toMatchObject({ privileged: true, execUser: 'root' });
    expect(derived.props).not.toHaveProperty('tags');
    expect(derived.props).not.toHaveProperty('build');
    expect(derived.base()!.spec).toMatchObject({ kind: 'artifact' });
  });

  test('takes values that are known only at run time', () => {
    const web = image();
    new DockerSource(web, 'D', { base: 'debian', tags: [text`web:${'1'}`] });
    expect(() => new DockerTagPostProcessor(web, 'T', { repository: text`a/${'b'}` })).not.toThrow();
  });
});
