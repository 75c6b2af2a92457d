import { parseChange, problemWithChanges, quoteValue } from '../../../lib/platforms/docker/changes';

describe('a change', () => {
  test.each([
    ['CMD ["nginx", "-g", "daemon off;"]', 'CMD', ['nginx', '-g', 'daemon off;']],
    ['cmd nginx -g "daemon off;"', 'CMD', undefined],
    ['  ENTRYPOINT   ["/bin/a b"]  ', 'ENTRYPOINT', ['/bin/a b']],
    ['ENV A=1 B="two words" C=three\\ words', 'ENV', undefined],
    ['ENV LEGACY form with spaces', 'ENV', undefined],
    ['EXPOSE 80/tcp 53/udp', 'EXPOSE', undefined],
    ['LABEL "com.acme.note"="a = b"', 'LABEL', undefined],
    ['WORKDIR /srv', 'WORKDIR', undefined],
    ['USER app:app', 'USER', undefined],
    ['VOLUME ["/data", "/more data"]', 'VOLUME', ['/data', '/more data']],
    ['VOLUME /data /more', 'VOLUME', undefined],
    ['HEALTHCHECK --interval=5s --retries=2 CMD curl -f http://localhost/', 'HEALTHCHECK', undefined],
    ['HEALTHCHECK NONE', 'HEALTHCHECK', undefined],
    ['ONBUILD RUN make', 'ONBUILD', undefined],
    ['STOPSIGNAL SIGQUIT', 'STOPSIGNAL', undefined],
    ['SHELL ["/bin/bash", "-c"]', 'SHELL', ['/bin/bash', '-c']],
  ])('%s is understood', (text, instruction, words) => {
    expect(parseChange(text)).toMatchObject({ instruction, ...(words && { words }) });
  });

  test.each([
    ['RUN apt-get update', /none of CMD, ENTRYPOINT/],
    ['', /none of CMD/],
    ['CMD', /nothing after it/],
    ["CMD ['nginx']", /quotes must be double/],
    ['VOLUME [1]', /JSON array of strings/],
    ['SHELL /bin/bash', /JSON array/],
    ['STOPSIGNAL terminate', /takes a signal/],
    ['USER two words', /one word/],
    ['HEALTHCHECK curl localhost', /takes NONE, or/],
    ['ENV JUSTANAME', /NAME=VALUE/],
    ['ONBUILD FROM scratch', /any instruction but/],
  ])('%s is refused', (text, message) => {
    expect(parseChange(text)).toMatchObject({ problem: expect.stringMatching(message) as string });
  });

  test('that is known only at run time is not judged', () => {
    expect(problemWithChanges([{ $text: ['x'] }, 'CMD ["a"]'])).toBeUndefined();
    expect(problemWithChanges(['CMD ["a"]', 'NOPE x'])).toMatch(/NOPE/);
  });

  test('quotes a value so that nothing in it is replaced', () => {
    expect(quoteValue('a "b" $HOME \\ c')).toBe('"a \\"b\\" \\$HOME \\\\ c"');
  });
});
