import * as fs from 'node:fs';
import * as path from 'node:path';
import { FileProvisioner, Image, Secret, ShellProvisioner, ssh, type SshProps } from 'goldsmith';
import { NullSource } from 'goldsmith/null';
import { fingerprint, HAS_SSHD, makeKey, NO_SSHD, startSshd, type Sshd } from '../../communicators/ssh/sshd';
import { build, problemsOf, testApp } from '../../helpers/lab';
import { describeIf } from '../../helpers/requires';

describe('at synth', () => {
  const wrong: [string, SshProps, RegExp][] = [
    ['no host', { username: 'root', agentAuth: true }, /needs `host`/],
    ['no user', { host: 'h', agentAuth: true }, /needs `username`/],
    ['nothing to log in with', { host: 'h', username: 'root' }, /nothing to log in with/],
    ['a pinned key that nobody has', { host: 'h', username: 'root', agentAuth: true, hostKey: 'pinned' }, /'pinned'/],
    [
      'a certificate without its key',
      { host: 'h', username: 'root', agentAuth: true, certificateFile: 'c' },
      /`privateKeyFile`/,
    ],
    [
      'a tunnel that is none',
      { host: 'h', username: 'root', agentAuth: true, localTunnels: ['80'] },
      /8080:localhost:80/,
    ],
    ['an unknown prop', { host: 'h', username: 'root', agentAuth: true, hots: 'x' } as SshProps, /hots/],
  ];

  test.each(wrong)('%s is refused', (_what, props, message) => {
    const app = testApp();
    const image = new Image(app, 'Web');
    new NullSource(image, 'Host', { communicator: ssh(props) });
    new ShellProvisioner(image, 'Step', { inline: ['true'] });
    expect(
      problemsOf(app)
        .map((problem) => problem.message)
        .join('\n'),
    ).toMatch(message);
  });

  test('a password is a reference in the plan', () => {
    const app = testApp();
    const image = new Image(app, 'Web');
    new NullSource(image, 'Host', {
      communicator: ssh({ host: 'h', username: 'root', password: Secret.fromEnv('PW') }),
    });
    expect(JSON.stringify(app.synth())).toContain('"$secret"');
  });
});

describeIf(HAS_SSHD, NO_SSHD, 'a machine that is there already', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  function program(props: SshProps = {}) {
    const app = testApp();
    const image = new Image(app, 'Web');
    new NullSource(image, 'Host', {
      communicator: ssh({
        host: '127.0.0.1',
        port: sshd.port,
        username: 'root',
        privateKeyFile: sshd.userKey,
        timeout: '10s',
        ...props,
      }),
    });
    return { app, image };
  }

  test('is provisioned over SSH, and its host key is recorded at its first use', async () => {
    const { app, image } = program();
    const file = path.join(sshd.dir, 'made');
    new FileProvisioner(image, 'Put', { content: 'from here\n', destination: file });
    new ShellProvisioner(image, 'Add', { inline: [`echo "$PACKER_BUILD_NAME" >>${file}`, 'echo done'] });
    const ran = await build(app);
    expect(ran.report.status).toBe('succeeded');
    expect(ran.output).toBe('done\n');
    expect(fs.readFileSync(file, 'utf8')).toBe('from here\nHost\n');
    const lock = JSON.parse(fs.readFileSync(path.join(app.baseDir, 'goldsmith.lock.json'), 'utf8')) as {
      trusted: unknown;
    };
    expect(lock.trusted).toEqual({
      [`ssh 127.0.0.1:${sshd.port}`]: {
        value: `ssh-ed25519 ${fingerprint(`${sshd.hostKey}.pub`)}`,
        at: expect.any(String) as string,
      },
    });
  });

  test('that shows another host key later is refused, with both fingerprints', async () => {
    const { app, image } = program();
    new ShellProvisioner(image, 'Step', { inline: ['true'] });
    makeKey(path.join(sshd.dir, 'other'));
    const other = fingerprint(path.join(sshd.dir, 'other.pub'));
    fs.writeFileSync(
      path.join(app.baseDir, 'goldsmith.lock.json'),
      JSON.stringify({
        version: 1,
        lookups: {},
        trusted: { [`ssh 127.0.0.1:${sshd.port}`]: { value: `ssh-ed25519 ${other}`, at: '' } },
      }),
    );
    const { message = '', code } = (await build(app)).node('Web/Host').error!;
    expect(code).toBe('CONNECT_FAILED');
    expect(message).toContain(other);
    expect(message).toContain(fingerprint(`${sshd.hostKey}.pub`));
  });

  test('is not taken on trust with --locked', async () => {
    const { app, image } = program();
    new ShellProvisioner(image, 'Step', { inline: ['true'] });
    const ran = await build(app, { locked: true });
    expect(ran.node('Web/Host').error).toMatchObject({ code: 'LOCKED' });
    expect(fs.existsSync(path.join(app.baseDir, 'goldsmith.lock.json'))).toBe(false);
  });

  test('a key file that is not there is found before anything is connected', async () => {
    const { app, image } = program({ privateKeyFile: 'nowhere/id' });
    new ShellProvisioner(image, 'Step', { inline: ['true'] });
    const ran = await build(app);
    expect(ran.node('Web/Host').error?.message).toMatch(/`privateKeyFile` names nowhere\/id, which is not there/);
    expect(ran.steps).toEqual([]);
  });
});
