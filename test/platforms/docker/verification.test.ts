import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, FileProvisioner, Image, Verification, type VerificationProps } from '../../../lib';
import { DockerPushPostProcessor, DockerSource, type DockerSourceProps } from '../../../lib/platforms/docker';
import { hasEngine, hasPrograms, NO_ENGINE } from '../../helpers/docker';
import { describeIf } from '../../helpers/requires';
import { Base } from './fixture';

const able = hasEngine && hasPrograms('docker');
/** It has an interpreter, which a listener needs. */
const DEBIAN = 'debian:bookworm-local';

/** Listens at the port that it is told, as long as it runs. */
const LISTENER = `use IO::Socket::INET;
$| = 1;
sleep 1;
my $server = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $ARGV[0], Listen => 5) or die "cannot listen: $!";
print "listening\\n";
while (my $client = $server->accept) { print $client "hello\\n"; close $client }
`;

describeIf(able, NO_ENGINE, 'the verification of a Docker image', () => {
  let base: Base;
  let dir: string;
  const tag = `goldsmith-test/verified-${process.pid}:1`;
  beforeAll(async () => {
    base = await Base.make();
  });
  beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-docker-verify-'))));
  afterEach(async () => {
    const query = { filters: JSON.stringify({ label: ['dev.goldsmith.app=verified'] }) };
    const made = await base.engine.client.json<{ Id: string }[]>('GET', '/images/json', { query });
    for (const { Id } of made) await base.engine.removeImage(Id, true).catch(() => undefined);
    fs.rmSync(dir, { recursive: true, force: true });
  });
  afterAll(() => base.remove());

  const images = (): Promise<string | undefined> =>
    base.engine.image(tag).then(
      ({ Id }) => Id,
      () => undefined,
    );

  function program(content: string, checks: VerificationProps, source: Partial<DockerSourceProps> = {}): App {
    const app = new App('verified', { baseDir: dir });
    const web = new Image(app, 'Web');
    new DockerSource(web, 'Docker', { base: base.name, network: 'none', tags: [tag], ...source } as DockerSourceProps);
    new FileProvisioner(web, 'File', { content, destination: '/content' });
    new Verification(web, 'Works', checks);
    new DockerPushPostProcessor(web, 'Push', {});
    const next = new Image(app, 'Next', { from: web });
    new FileProvisioner(next, 'More', { content: 'more', destination: '/more' });
    return app;
  }

  const run = async (app: App, select: string[] = ['Web/Works/*']): Promise<string[]> => {
    const { nodes } = await app.build({ env: process.env, select });
    return nodes.map(({ id, state }) => `${id} ${state}`);
  };
  const good: VerificationProps = { files: [{ path: '/content', contains: 'good' }] };

  test('names the image when it passes; what fails gets no tag, and the tag stays where it was', async () => {
    expect(await run(program('good one', good))).toEqual(['Web/Docker succeeded', 'Web/Works/Docker succeeded']);
    const first = await images();
    expect(first).toBeDefined();

    const all = await program('bad', good).build({ env: process.env });
    expect(all.nodes.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'Web/Docker succeeded',
      'Web/Works/Docker failed',
      'Next/Docker skipped',
      'Web/Push/Docker skipped',
    ]);
    expect(await images()).toBe(first);
    expect(all.nodes[0]?.artifact?.outputs).toMatchObject({ tags: [] });

    const mended: VerificationProps = { files: [{ path: '/content', contains: 'bad' }] };
    expect(await run(program('bad', mended))).toEqual(['Web/Docker cached', 'Web/Works/Docker succeeded']);
    expect(await images()).toBe(all.nodes[0]?.artifact?.id);
    // What it was called while it waited is no name of it any more.
    expect((await base.engine.image(tag)).RepoTags).toEqual([tag]);
  }, 120_000);

  test('finds host keys and a machine id that are part of the image', async () => {
    const app = new App('verified', { baseDir: dir });
    const web = new Image(app, 'Web');
    new DockerSource(web, 'Docker', { base: base.name, network: 'none' });
    new FileProvisioner(web, 'Id', { content: `${'a'.repeat(32)}\n`, destination: '/etc/machine-id' });
    new Verification(web, 'Works', { uniqueIdentity: true, noTemporaryKeys: true });
    const { nodes } = await app.build({ env: process.env });
    expect(nodes[1]?.checks?.map(({ name, wrong }) => [name, ...wrong].join(': '))).toEqual([
      'no temporary key is left',
      'SSH host keys of two boots (there are none)',
      'machine id of two boots: is the same on both: empty /etc/machine-id at the end of the build',
    ]);
    const left = await base.engine.client.json<unknown[]>('GET', '/containers/json', {
      query: { all: true, filters: JSON.stringify({ label: ['dev.goldsmith.app=verified'] }) },
    });
    expect(left).toEqual([]);
  }, 120_000);

  test('runs what the image runs, waits for its port, and shows its words where that never comes', async () => {
    const make = (command: string, checks: VerificationProps): App => {
      const app = new App('verified', { baseDir: dir });
      const web = new Image(app, 'Web');
      const changes = [`CMD ["perl", "/listener.pl", "${command}"]`, 'USER www-data'];
      new DockerSource(web, 'Docker', { base: DEBIAN, pull: 'never', network: 'none', user: 'root', changes });
      new FileProvisioner(web, 'Listener', { content: LISTENER, destination: '/listener.pl' });
      new Verification(web, 'Works', checks);
      return app;
    };
    const checksOf = async (app: App): Promise<string[]> => {
      const { nodes } = await app.build({ env: process.env });
      return (nodes[1]?.checks ?? []).map(({ name, wrong, output = '' }) => [name, ...wrong, output].join('|'));
    };
    const within = '30s';
    const ports = [8080, { port: 8080, address: '127.0.0.1', within: '0s' }, { port: 22, listening: false }] as const;
    expect(await checksOf(make('8080', { ports, within }))).toEqual([
      'port 8080/tcp|',
      'port 8080/tcp at 127.0.0.1|is listened at on 0.0.0.0, expected 127.0.0.1|listening',
      'port 22/tcp closed|',
    ]);
    expect(await checksOf(make('99999', { ports: [8080], within: '3s' }))).toEqual([
      expect.stringMatching(/^port 8080\/tcp\|is not listened at, also after 3s\|Port number above/),
    ]);
  }, 120_000);
});
