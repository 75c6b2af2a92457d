import { applyChanges, parseChange, problemWithChanges } from '../../lib/oci/changes';
import type { RunConfig } from '../../lib/oci/run-config';

const base: RunConfig = {
  Env: ['PATH=/bin', 'A=1'],
  Cmd: ['bash'],
  Entrypoint: ['/entry'],
  Labels: { kept: 'yes' },
  WorkingDir: '/app',
  User: 'web',
};

describe('a change', () => {
  test.each<[string, Partial<RunConfig>]>([
    ['ENV B=2 C="two words" D=$A-x', { Env: ['PATH=/bin', 'A=1', 'B=2', 'C=two words', 'D=1-x'] }],
    ['ENV B=1 C=three\\ words', { Env: ['PATH=/bin', 'A=1', 'B=1', 'C=three words'] }],
    ['ENV A two words', { Env: ['PATH=/bin', 'A=two words'] }],
    ["ENV PATH=/opt:${PATH} E='$A' F=${NO:-none} G=\\$A", { Env: ['PATH=/opt:/bin', 'A=1', 'E=$A', 'F=none', 'G=$A'] }],
    ['ENV A=b=c', { Env: ['PATH=/bin', 'A=b=c'] }],
    ['CMD ["nginx", "-g", "daemon off;"]', { Cmd: ['nginx', '-g', 'daemon off;'] }],
    ['cmd nginx -g "daemon off;"', { Cmd: ['/bin/sh', '-c', 'nginx -g "daemon off;"'] }],
    ['CMD []', { Cmd: [] }],
    ['EXPOSE 80 53/udp', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
    ['EXPOSE 8000-8001/UDP ${A}00', { ExposedPorts: { '8000/udp': {}, '8001/udp': {}, '100/tcp': {} } }],
    ['LABEL "a b"="c d" e=f', { Labels: { kept: 'yes', 'a b': 'c d', e: 'f' } }],
    ['LABEL "com.acme.note"="a = b"', { Labels: { kept: 'yes', 'com.acme.note': 'a = b' } }],
    ['WORKDIR sub', { WorkingDir: '/app/sub' }],
    ['WORKDIR /srv', { WorkingDir: '/srv' }],
    ['user nobody', { User: 'nobody' }],
    ['USER app:app', { User: 'app:app' }],
    ['VOLUME ["/data", "/more data"]', { Volumes: { '/data': {}, '/more data': {} } }],
    ['VOLUME /data /more', { Volumes: { '/data': {}, '/more': {} } }],
    ['STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
    ['ONBUILD RUN true', { OnBuild: ['RUN true'] }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    [
      'HEALTHCHECK --interval=30s --timeout=1m30s --retries=3 CMD curl -f http://localhost/',
      { Healthcheck: { Test: ['CMD-SHELL', 'curl -f http://localhost/'], Interval: 3e10, Timeout: 9e10, Retries: 3 } },
    ],
    [
      'HEALTHCHECK --start-period=1m --start-interval=5s CMD true',
      { Healthcheck: { Test: ['CMD-SHELL', 'true'], StartPeriod: 6e10, StartInterval: 5e9 } },
    ],
    ['HEALTHCHECK CMD ["/check", "a b"]', { Healthcheck: { Test: ['CMD', '/check', 'a b'] } }],
    ['SHELL ["/bin/bash", "-c"]', { Shell: ['/bin/bash', '-c'] }],
  ])('%s', (change, expected) => {
    expect(problemWithChanges([change])).toBeUndefined();
    expect(applyChanges(base, [change])).toEqual({ ...base, ...expected });
  });

  test('is known by its instruction, however it is written', () => {
    expect(parseChange('  entrypoint   ["/bin/a b"]  ').instruction).toBe('ENTRYPOINT');
    expect(applyChanges({}, ['  entrypoint   ["/bin/a b"]  '])).toEqual({ Entrypoint: ['/bin/a b'] });
  });

  test.each([
    ['RUN apt-get update', /none of CMD, ENTRYPOINT/],
    ['RUN true', /none of CMD/],
    ['', /none of CMD/],
    ['CMD', /nothing after it/],
    ['ENV', /nothing after it/],
    ["CMD ['nginx']", /quotes must be double/],
    ['HEALTHCHECK CMD [check]', /quotes must be double/],
    ['VOLUME [1]', /JSON array of strings/],
    ['SHELL /bin/bash', /JSON array/],
    ['SHELL []', /JSON array/],
    ['STOPSIGNAL terminate', /takes a signal/],
    ['USER two words', /one word/],
    ['HEALTHCHECK curl localhost', /takes NONE, or \[OPTIONS\] CMD/],
    ['HEALTHCHECK --every=3s CMD x', /`--every=3s` is no option.*--interval/],
    ['HEALTHCHECK --interval=often CMD x', /no length of time/],
    ['HEALTHCHECK --retries=few CMD x', /no number/],
    ['ENV JUSTANAME', /`JUSTANAME` has no value; NAME=VALUE is needed/],
    ['ENV A=1 B', /`B` is no NAME=VALUE/],
    ['EXPOSE http', /`http` is no port/],
    ['EXPOSE 90-80', /is no port/],
    ['EXPOSE 70000', /is no port/],
    ['LABEL a="b', /is not closed/],
    ['ONBUILD FROM scratch', /any instruction but/],
  ])('%j is refused, and the error says why', (text, message) => {
    expect(problemWithChanges([text])).toMatch(message);
    expect(problemWithChanges([text])).toContain(`\`changes\` has ${JSON.stringify(text)}: `);
    expect(() => applyChanges(base, ['CMD x', text])).toThrow(expect.objectContaining({ code: 'INVALID_PROPS' }));
  });

  test('with a variable is judged when it is known what that stands for', () => {
    expect(problemWithChanges(['EXPOSE $PORT'])).toBeUndefined();
    expect(applyChanges({ Env: ['PORT=80'] }, ['EXPOSE $PORT'])).toMatchObject({ ExposedPorts: { '80/tcp': {} } });
    expect(() => applyChanges({}, ['EXPOSE $PORT'])).toThrow('`changes` has "EXPOSE $PORT": `` is no port');
  });

  test('that is known only at run time is not judged', () => {
    expect(problemWithChanges([{ $text: ['x'] }, 'CMD ["a"]'])).toBeUndefined();
    expect(problemWithChanges(['CMD ["a"]', 'NOPE x'])).toMatch(/NOPE/);
    expect(problemWithChanges(undefined)).toBeUndefined();
  });
});

describe('changes', () => {
  test('leave what they do not name as it is', () => {
    expect(applyChanges(base, [])).toEqual(base);
    expect(applyChanges(base, ['USER root'])).toEqual({ ...base, User: 'root' });
    expect(base.User).toBe('web');
  });

  test('see what those before them did', () => {
    expect(
      applyChanges({ Env: null }, ['ENV A=1', 'ENV B=$A', 'SHELL ["/bin/bash", "-c"]', 'CMD echo', 'WORKDIR x']),
    ).toEqual({
      Env: ['A=1', 'B=1'],
      Shell: ['/bin/bash', '-c'],
      Cmd: ['/bin/bash', '-c', 'echo'],
      WorkingDir: '/x',
    });
  });

  test('with an ENTRYPOINT take the old CMD away, unless a CMD is given too, as in a Dockerfile', () => {
    expect(applyChanges(base, ['ENTRYPOINT ["/new"]'])).not.toHaveProperty('Cmd');
    expect(applyChanges(base, ['CMD ["x"]', 'ENTRYPOINT ["/new"]'])).toMatchObject({
      Cmd: ['x'],
      Entrypoint: ['/new'],
    });
  });
});
