import { commitConfig, inheritedConfig } from '../../../lib/platforms/docker/image-config';

const base = { Cmd: ['nginx'], Entrypoint: ['/entry'], Env: ['A=1'], User: 'app', StopSignal: 'SIGQUIT' };

describe('the config of a commit', () => {
  test('has all of the base, and nothing else', () => {
    expect(commitConfig(base, [], undefined)).toEqual({ config: base, changes: [] });
  });

  test('says "none" where the base has none, for the container has something', () => {
    expect(commitConfig({}, [], undefined).config).toEqual({ Cmd: [], Entrypoint: [] });
    expect(commitConfig({}, [], 'builder').config).toMatchObject({ User: '0' });
    expect(commitConfig({ User: 'app' }, [], 'builder').config).toMatchObject({ User: 'app' });
  });

  test('keeps the CMD of the base when only ENTRYPOINT changes', () => {
    expect(commitConfig(base, ['ENTRYPOINT ["/other"]'], undefined).changes).toEqual([
      'ENTRYPOINT ["/other"]',
      'CMD ["nginx"]',
    ]);
    expect(commitConfig(base, ['ENTRYPOINT ["/o"]', 'CMD ["x"]'], undefined).changes).toHaveLength(2);
    expect(commitConfig({}, ['ENTRYPOINT ["/o"]'], undefined).changes).toHaveLength(1);
  });

  test('carries STOPSIGNAL and SHELL itself, because the engine takes neither as a change; the last one counts', () => {
    const changes = ['STOPSIGNAL SIGINT', 'ENV B=2', 'SHELL ["/bin/bash","-c"]', 'STOPSIGNAL SIGTERM'];
    const result = commitConfig(base, changes, undefined);
    expect(result.changes).toEqual(['ENV B=2']);
    expect(result.config).toMatchObject({ StopSignal: 'SIGTERM', Shell: ['/bin/bash', '-c'] });
  });
});

test('what an image hands on leaves out what is empty, labels and ONBUILD', () => {
  const config = { Cmd: ['sh'], Entrypoint: null, User: '', Labels: { a: 'b' }, OnBuild: ['RUN x'], Volumes: null };
  expect(inheritedConfig(config)).toEqual({ Cmd: ['sh'] });
  expect(inheritedConfig(null)).toEqual({});
});
