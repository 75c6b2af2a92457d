import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { App, FileProvisioner, Image, ShellProvisioner, Verification } from '../../../lib';
import { SandboxBase, SandboxSource, type SandboxSourceProps } from '../../../lib/platforms/sandbox';
import { Match, PlanAssert, TestApp } from '../../../lib/testing';
import { describeIf } from '../../helpers/requires';
import { isRoot, run } from './able';
import { makeProject } from './helpers';

describe('a SandboxSource in the plan', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  function planOf(props: SandboxSourceProps): PlanAssert {
    const app = new TestApp();
    new SandboxSource(new Image(app, 'Core'), 'Sandbox', props);
    return PlanAssert.fromApp(app);
  }

  test('with required props has its base alone', () => {
    planOf({ base: SandboxBase.minimal() }).hasBuild('sandbox', {
      base: { exact: { kind: 'minimal', commands: [] } },
      config: Match.exact({}),
    });
  });

  test('with all props has them all', () => {
    const props = {
      network: 'none',
      format: 'docker-archive',
      output: 'out.tar',
      reference: 'acme/core:1',
      changes: ['CMD ["sh"]'],
      compression: 'none',
      sourceDateEpoch: 1,
      login: { username: 'u', password: 'p' },
    } as const;
    planOf({ ...props, base: SandboxBase.host() }).hasBuild('sandbox', {
      base: { exact: { kind: 'host' } },
      config: props,
    });
  });

  test('looks a tag up, and takes a digest as it is', () => {
    planOf({ base: 'debian:12' }).hasBuild('sandbox', {
      base: { lookup: { kind: 'registry', reference: 'debian:12' } },
    });
    planOf({ base: `debian@${digest}` }).hasBuild('sandbox', {
      base: { exact: { kind: 'registry', reference: `debian@${digest}` } },
    });
  });

  test.each([
    ['a base that is no name', { base: 'No Such Name' }, /`No Such Name` is no name of an image/],
    ['a change that is none', { base: SandboxBase.minimal(), changes: ['RUN true'] }, /none of CMD/],
    [
      'a reference that is no name',
      { base: SandboxBase.minimal(), reference: 'UPPER' },
      /`UPPER` is no name of an image/,
    ],
    ['an archive that is not there', { base: SandboxBase.archive('not-there.tar') }, /not-there\.tar/],
    ['no base', {} as SandboxSourceProps, /`base` is missing/],
  ])('%s is said to be wrong', (_what, props, message) => {
    expect(() => planOf(props)).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
  });
});

describeIf(isRoot, 'it needs Linux and root', 'a program with sandbox sources', () => {
  let dir: string;
  beforeEach(async () => (dir = await makeProject()));
  afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

  function program(greeting: string): App {
    const app = new App('acme', { baseDir: dir });
    const core = new Image(app, 'Core');
    new SandboxSource(core, 'Sandbox', { base: SandboxBase.minimal() });
    new ShellProvisioner(core, 'Greet', { inline: [`echo ${greeting} > /etc/greeting`] });
    const web = new Image(app, 'Web', { from: core, sources: { Sandbox: { changes: ['ENV WEB=1'] } } });
    new FileProvisioner(web, 'File', { content: 'a file\n', destination: '/etc/file' });
    new ShellProvisioner(web, 'More', { inline: ['cat /etc/greeting /etc/file > /etc/both'] });
    new Verification(web, 'Works', { commands: [{ command: 'cat /etc/both', stdout: greeting }, 'test "$WEB" = 1'] });
    return app;
  }

  const states = (report: Awaited<ReturnType<App['build']>>): string[] =>
    report.nodes.map(({ id, state, error }) => `${id} ${state} ${error?.message ?? ''}`.trim());

  test('builds image on image, verified; then nothing twice; and after a change what it touches', async () => {
    const options = { env: process.env };
    expect(states(await program('hello').build(options))).toEqual([
      'Core/Sandbox succeeded',
      'Web/Sandbox succeeded',
      'Web/Works/Sandbox succeeded',
    ]);
    const archive = path.join(dir, 'artifacts/acme-web-sandbox.oci.tar');
    const first = run('sha256sum', archive).slice(0, 64);
    expect(states(await program('hello').build(options))).toEqual([
      'Core/Sandbox cached',
      'Web/Sandbox cached',
      'Web/Works/Sandbox cached',
    ]);
    expect(states(await program('bye').build(options))).toEqual([
      'Core/Sandbox succeeded',
      'Web/Sandbox succeeded',
      'Web/Works/Sandbox succeeded',
    ]);
    expect(run('sha256sum', archive).slice(0, 64)).not.toBe(first);
    expect(states(await program('hello').build(options)).every((line) => !line.includes('failed'))).toBe(true);
    expect(run('sha256sum', archive).slice(0, 64)).toBe(first);
  }, 120_000);

  test('starts from an archive of the project, and is built again when that changes', async () => {
    const make = (from: SandboxBase, output: string): App => {
      const app = new App('acme', { baseDir: dir });
      new SandboxSource(new Image(app, 'Base'), 'Sandbox', { base: from, format: 'rootfs-tar', output });
      return app;
    };
    await make(SandboxBase.minimal(), 'root.tar').build({ env: process.env });
    const build = (): Promise<Awaited<ReturnType<App['build']>>> =>
      make(SandboxBase.rootfs('root.tar'), 'copy.tar').build({ env: process.env });
    expect(states(await build())).toEqual(['Base/Sandbox succeeded']);
    expect(states(await build())).toEqual(['Base/Sandbox cached']);
    run(
      'tar',
      '-rf',
      path.join(dir, 'root.tar'),
      '-C',
      dir,
      '.goldsmith/CACHEDIR.TAG',
      '--transform=s,.*,etc/added,',
      '--ignore-failed-read',
    );
    fs.appendFileSync(path.join(dir, 'root.tar'), Buffer.alloc(512));
    expect(states(await build())).toEqual(['Base/Sandbox succeeded']);
  }, 120_000);

  test('keeps what fails its checks from its name: what was there before stays', async () => {
    const options = { env: process.env };
    const archive = path.join(dir, 'artifacts/acme-web-sandbox.oci.tar');
    await program('hello').build(options);
    const first = run('sha256sum', archive).slice(0, 64);
    const app = program('bye');
    new Verification(app.node.findChild('Web') as Image, 'Fails', {
      files: [{ path: '/etc/both', contains: 'hello' }],
    });
    expect(states(await app.build(options))).toEqual([
      'Core/Sandbox succeeded',
      'Web/Sandbox succeeded',
      'Web/Works/Sandbox succeeded',
      'Web/Fails/Sandbox failed 1 of 1 checks failed: the file /etc/both: its content does not hold "hello"',
    ]);
    expect(run('sha256sum', archive).slice(0, 64)).toBe(first);
    expect(states(await program('bye').build(options))).toEqual([
      'Core/Sandbox cached',
      'Web/Sandbox cached',
      'Web/Works/Sandbox cached',
    ]);
    expect(run('sha256sum', archive).slice(0, 64)).not.toBe(first);
  }, 120_000);

  test('looks at its own ports alone, though it shares the network with this machine', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const app = new App('acme', { baseDir: dir });
    const core = new Image(app, 'Core');
    const props = { base: SandboxBase.host(), network: 'shared', format: 'rootfs-tar', output: 'root.tar' } as const;
    const free = port === 65_535 ? port - 1 : port + 1;
    const changes = [`CMD ["perl", "/srv/listener.pl", "${free}"]`];
    new SandboxSource(core, 'Sandbox', { ...props, format: 'oci-archive', output: 'core.tar', changes });
    const listener = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 5) or die $!; sleep 600`;
    new FileProvisioner(core, 'Listener', { content: listener, destination: '/srv/listener.pl' });
    new Verification(core, 'Ports', { ports: [free, { port, within: '0s' }, { port, listening: false }] });
    const { nodes } = await app.build({ env: process.env });
    server.close();
    expect(nodes[1]?.checks?.map(({ name, wrong }) => [name, ...wrong].join(': '))).toEqual([
      `port ${free}/tcp`,
      `port ${port}/tcp: is listened at, but by no process of this machine: it shares its network with others`,
      `port ${port}/tcp closed`,
    ]);
  }, 120_000);

  test('does not replace a file that is not its own', async () => {
    fs.mkdirSync(path.join(dir, 'artifacts'));
    fs.writeFileSync(path.join(dir, 'artifacts/acme-core-sandbox.oci.tar'), 'precious');
    const report = await program('hello').build({ env: process.env });
    expect(report.nodes[0]).toMatchObject({ state: 'failed', error: { code: 'OUTPUT_EXISTS' } });
    expect(fs.readFileSync(path.join(dir, 'artifacts/acme-core-sandbox.oci.tar'), 'utf8')).toBe('precious');
  }, 60_000);
});

describeIf(isRoot, 'it needs Linux and root', 'a state folder that cannot hold machines', () => {
  test.each([
    [
      'is on an overlay',
      'mount -t overlay overlay -o lowerdir=$1/a:$1/b,upperdir=$1/up,workdir=$1/work $1/mnt',
      'PLATFORM_UNAVAILABLE',
      /file system that cannot hold/,
    ],
    ['is full', 'mount -t tmpfs -o size=2m tmpfs $1/mnt', 'NO_SPACE', /2 MiB left/],
  ])(
    'because it %s is an error that says so',
    async (_what, mount, code, message) => {
      const dir = await makeProject();
      for (const name of ['a', 'b', 'up', 'work', 'mnt']) fs.mkdirSync(path.join(dir, name));
      const child = path.join(__dirname, 'children', 'launch.ts');
      const out = run(
        'unshare',
        '--mount',
        'sh',
        '-c',
        `${mount} && exec "$2" --require tsx/cjs ${child} $1/mnt`,
        'sh',
        dir,
        process.execPath,
      );
      fs.rmSync(dir, { recursive: true });
      const told = JSON.parse(out) as { code: string; message: string };
      expect(told).toMatchObject({ code, message: expect.stringMatching(message) });
    },
    60_000,
  );
});
