import { applyChanges, problemOfChange } from '../../../../lib/platforms/sandbox/oci/changes';
import { extendConfig, type RunConfig } from '../../../../lib/platforms/sandbox/oci/image-config';

describe('changes', () => {
  const base: RunConfig = {
    Env: ['PATH=/bin', 'A=1'],
    Cmd: ['bash'],
    Entrypoint: ['/entry'],
    Labels: { kept: 'yes' },
    WorkingDir: '/app',
    User: 'web',
  };

  test('what no change names stays as it is', () => {
    expect(applyChanges(base, [])).toEqual(base);
    expect(applyChanges(base, ['USER root'])).toEqual({ ...base, User: 'root' });
  });

  test.each<[string, Partial<RunConfig>]>([
    ['ENV B=2 C="two words" D=$A-x', { Env: ['PATH=/bin', 'A=1', 'B=2', 'C=two words', 'D=1-x'] }],
    ['ENV A two words', { Env: ['PATH=/bin', 'A=two words'] }],
    ["ENV PATH=/opt:${PATH} E='$A' F=${NO:-none} G=\\$A", { Env: ['PATH=/opt:/bin', 'A=1', 'E=$A', 'F=none', 'G=$A'] }],
    ['CMD ["nginx", "-g", "daemon off;"]', { Cmd: ['nginx', '-g', 'daemon off;'] }],
    ['CMD nginx -g "daemon off;"', { Cmd: ['/bin/sh', '-c', 'nginx -g "daemon off;"'] }],
    ['EXPOSE 80 53/udp', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
    ['LABEL "a b"="c d" e=f', { Labels: { kept: 'yes', 'a b': 'c d', e: 'f' } }],
    ['WORKDIR sub', { WorkingDir: '/app/sub' }],
    ['WORKDIR /srv', { WorkingDir: '/srv' }],
    ['user nobody', { User: 'nobody' }],
    ['VOLUME ["/data", "/more"]', { Volumes: { '/data': {}, '/more': {} } }],
    ['VOLUME /data /more', { Volumes: { '/data': {}, '/more': {} } }],
    ['STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
    ['ONBUILD RUN true', { OnBuild: ['RUN true'] }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    [
      'HEALTHCHECK --interval=30s --timeout=1m30s --retries=3 CMD curl -f http://localhost/',
      { Healthcheck: { Test: ['CMD-SHELL', 'curl -f http://localhost/'], Interval: 3e10, Timeout: 9e10, Retries: 3 } },
    ],
    ['HEALTHCHECK CMD ["/check", "a b"]', { Healthcheck: { Test: ['CMD', '/check', 'a b'] } }],
    ['SHELL ["/bin/bash", "-c"]', { Shell: ['/bin/bash', '-c'] }],
  ])('%s', (change, expected) => {
    expect(applyChanges(base, [change])).toEqual({ ...base, ...expected });
  });

  test('a new ENTRYPOINT takes the old CMD away, unless a CMD is given too, as in Docker', () => {
    expect(applyChanges(base, ['ENTRYPOINT ["/new"]'])).not.toHaveProperty('Cmd');
    expect(applyChanges(base, ['CMD ["x"]', 'ENTRYPOINT ["/new"]'])).toMatchObject({
      Cmd: ['x'],
      Entrypoint: ['/new'],
    });
  });

  test.each([
    ['RUN true', 'starts with one of ENV'],
    ['ENV', 'starts with one of ENV'],
    ['ENV A', 'has no value'],
    ['EXPOSE http', 'is no port'],
    ['LABEL a="b', 'is not closed'],
    ['SHELL /bin/sh', 'list of words'],
    ['HEALTHCHECK curl', 'then CMD'],
    ['HEALTHCHECK --every=3s CMD x', '--every'],
  ])('%j is refused, and the error says why', (change, why) => {
    expect(problemOfChange(change)).toContain(why);
  });
});

describe('the configuration of an image with more layers', () => {
  const layers = [{ diffId: 'sha256:new', by: 'goldsmith' }];

  test('keeps what it does not know, and tells of every layer', () => {
    const base = {
      architecture: 'arm64',
      os: 'linux',
      'x.other': 1,
      rootfs: { type: 'layers', diff_ids: ['sha256:a', 'sha256:b'] },
      history: [{ created_by: 'one' }, { created_by: 'env', empty_layer: true }],
    };
    const config = extendConfig(base, { run: {}, layers, epoch: 86400 });
    expect(config).toMatchObject({
      architecture: 'arm64',
      'x.other': 1,
      created: '1970-01-02T00:00:00Z',
      rootfs: { diff_ids: ['sha256:a', 'sha256:b', 'sha256:new'] },
    });
    const history = config['history'] as { created_by: string; empty_layer?: boolean }[];
    expect(history.filter((entry) => !entry.empty_layer)).toHaveLength(3);
    expect(history.at(-1)).toMatchObject({ created_by: 'goldsmith' });
  });
});
