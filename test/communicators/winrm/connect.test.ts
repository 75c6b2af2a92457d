import type { WinrmTarget } from '../../../lib/communicators/winrm/connect';
import { failureOf } from '../../helpers/lab';
import { temporaryFolder } from '../../provisioners/support';
import { httpProxy, listener } from '../ssh/proxies';
import { freePort } from '../ssh/sshd';
import { makeCertificate, type Certificate } from './helpers/certificates';
import { WsmanServer, type WsmanOptions } from './helpers/wsman';
import { connect, run, targetOf, winrmContext } from './machine';

const folder = temporaryFolder();
const servers: WsmanServer[] = [];

async function start(options: WsmanOptions = {}): Promise<WsmanServer> {
  const server = await new WsmanServer(options).start();
  servers.push(server);
  return server;
}

afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

describe('connecting by WinRM', () => {
  let own: Certificate;
  let client: Certificate;
  beforeAll(() => {
    own = makeCertificate(folder, 'server');
    client = makeCertificate(folder, 'client');
  });

  const ways: [string, () => WsmanOptions, () => Partial<WinrmTarget>][] = [
    ['NTLM over HTTP, sealed', () => ({ basic: false }), () => ({})],
    ['NTLM by its own scheme', () => ({ basic: false, ntlm: 'NTLM' }), () => ({ username: 'ACME\\admin' })],
    ['NTLM over HTTPS, bound to its certificate', () => ({ tls: own }), () => ({ useSsl: true, caFile: own.certFile })],
    ['Basic over HTTP', () => ({ allowUnencrypted: true }), () => ({ transport: 'basic', allowUnencrypted: true })],
    [
      'Basic over HTTPS',
      () => ({ tls: own, ntlm: undefined }),
      () => ({ transport: 'basic', useSsl: true, fingerprint: own.fingerprint }),
    ],
    [
      'a certificate',
      () => ({ tls: own, basic: false, ntlm: undefined, certificates: [client.fingerprint] }),
      () => ({
        transport: 'certificate',
        useSsl: true,
        certificateFile: client.certFile,
        keyFile: client.keyFile,
        caFile: own.certFile,
        username: undefined,
        password: undefined,
      }),
    ],
    ['any certificate, where that is said', () => ({ tls: own }), () => ({ useSsl: true, insecure: true })],
    [
      'a certificate that the platform pinned',
      () => ({ tls: own }),
      () => ({ useSsl: true, pinnedCertificates: [own.fingerprint] }),
    ],
  ];

  test.each(ways)('%s', async (_how, options, target) => {
    const server = await start(options());
    const machine = await connect(targetOf(server, target()));
    expect(await run(machine, 'echo %OS%& echo no 1>&2& exit 7')).toEqual({
      result: { ended: 'exit', code: 7 },
      stdout: 'Windows_NT\r\n',
      stderr: 'no\r\n',
    });
    expect(machine.facts).toMatchObject({ ConnType: 'winrm', Host: '127.0.0.1', Port: String(server.port) });
    await machine.close();
    expect(server.shells.size).toBe(0);
    await server.empty();
  });

  test('over HTTP with NTLM nothing can be read on the way', async () => {
    const server = await start({ basic: false });
    const machine = await connect(targetOf(server));
    await run(machine, 'echo visible', { stdin: 'secret input' });
    const wire = Buffer.concat(server.bodies).toString('latin1');
    expect(wire).toContain('HTTP-SPNEGO-session-encrypted');
    expect(wire).not.toMatch(/visible|CommandLine|correct horse/);
    expect(wire).not.toContain(Buffer.from('secret input').toString('base64'));
  });

  test('a wrong password fails in seconds, and says so', async () => {
    for (const transport of ['ntlm', 'basic'] as const) {
      const server = await start({ allowUnencrypted: true });
      const started = Date.now();
      const error = await failureOf(
        connect(targetOf(server, { password: 'wrong', timeout: '30m', transport, allowUnencrypted: true })),
      );
      expect(error).toMatchObject({ code: 'CONNECT_FAILED', hint: expect.stringContaining('`password`') as string });
      expect(error.message).toMatch(
        new RegExp(
          `admin@127.0.0.1:${server.port} by ${transport} over HTTP: .* the login in 3 tries .*refused to let \`admin\``,
        ),
      );
      expect(error.message).not.toContain('wrong');
      expect(Date.now() - started).toBeLessThan(8000);
    }
  });

  test('a password that comes late is waited for, where the platform says that it may', async () => {
    const server = await start();
    server.machine.users.set('admin', 'not yet');
    const ctx = winrmContext({
      say: (text) => {
        if (text.includes('authentication')) server.machine.users.set('admin', 'correct horse');
      },
    });
    const machine = await connect(targetOf(server, { authMayComeLate: true }), ctx);
    expect((await run(machine, 'echo in')).stdout).toBe('in\r\n');
  });

  test('a way to log in that the machine does not take is said at once, with what it takes', async () => {
    const server = await start({ basic: false });
    const error = await failureOf(
      connect(targetOf(server, { transport: 'basic', allowUnencrypted: true, timeout: '30m' })),
    );
    expect(error.message).toMatch(/in 1 try .*does not take basic; it takes Negotiate/);
  });

  test('a certificate that nobody signed is refused, with its fingerprint', async () => {
    const server = await start({ tls: own });
    const error = await failureOf(connect(targetOf(server, { useSsl: true, timeout: '30m' })));
    expect(error.message).toMatch(/the machine's certificate in 1 try .*not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
    expect(error.message).toContain(own.fingerprint);
    expect(error.hint).toContain(`fingerprint: '${own.fingerprint}'`);
    expect(server.bodies).toEqual([]);
  });

  test('a certificate for another name, and another one than the known one, are refused', async () => {
    const elsewhere = makeCertificate(folder, 'elsewhere', 'DNS:elsewhere.test');
    const server = await start({ tls: elsewhere });
    const named = await failureOf(connect(targetOf(server, { useSsl: true, caFile: elsewhere.certFile })));
    expect(named.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    const pinned = await failureOf(connect(targetOf(server, { useSsl: true, fingerprint: own.fingerprint })));
    expect(pinned.message).toContain(own.fingerprint);
    expect(pinned.message).toContain(elsewhere.fingerprint);
  });

  test('a user who may log in but not run anything is told so at once', async () => {
    const server = await start({ denyShells: true });
    const error = await failureOf(connect(targetOf(server, { timeout: '30m' })));
    expect(error.message).toMatch(/starting a shell in 1 try .*Access is denied/);
    expect(error.hint).toContain('Remote Management Users');
  });

  test('nothing listens: it is tried until the time is up, and the error says all that is known', async () => {
    const port = await freePort();
    const ctx = winrmContext();
    const console = (): Promise<string> => Promise.resolve('Getting ready\n');
    const error = await failureOf(connect(targetOf({ port }, { timeout: '900ms', console }), ctx));
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', output: 'Getting ready' });
    expect(error.message).toMatch(/the TCP connection in [2-9] tries .*its time is up.*refused/);
    expect(ctx.said).toEqual([expect.stringContaining(`127.0.0.1:${port}: TCP: the connection was refused`)]);
  });

  test('a machine that comes up late is connected to', async () => {
    const port = await freePort();
    const late = connect(targetOf({ port }, { timeout: '20s' }));
    const server = new WsmanServer({ port });
    servers.push(server);
    await server.start();
    expect((await run(await late, 'echo up')).stdout).toBe('up\r\n');
  });

  test('something that speaks no WinRM is said to do so', async () => {
    const web = await listener((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')),
    );
    const mute = await listener(() => undefined);
    try {
      const answer = await failureOf(connect(targetOf(web, { timeout: '700ms' })));
      expect(answer.message).toMatch(/answered 404 Not Found, which WinRM does not/);
      const silence = await failureOf(connect(targetOf(mute, { timeout: '700ms' })));
      expect(silence.message).toMatch(/no answer for 0\.\d s/);
    } finally {
      await Promise.all([web.stop(), mute.stop()]);
    }
  });

  test('waiting ends when the run is cancelled', async () => {
    const port = await freePort();
    const stop = new AbortController();
    const ctx = winrmContext({ signal: stop.signal, say: () => stop.abort(new Error('enough')) });
    await expect(connect(targetOf({ port }, { timeout: '30m' }), ctx)).rejects.toThrow('enough');
  });

  test('through an HTTP proxy that is named, or that the environment names', async () => {
    const server = await start();
    const proxy = await httpProxy('me:pw');
    const address = { kind: 'http', host: '127.0.0.1', port: proxy.port, username: 'me' } as const;
    try {
      const machine = await connect(targetOf(server, { proxy: { ...address, password: 'pw' } }));
      expect((await run(machine, 'echo through')).stdout).toBe('through\r\n');
      const refused = await failureOf(connect(targetOf(server, { proxy: { ...address, password: 'no' } })));
      expect(refused.message).toMatch(/through the proxy 127.0.0.1.*answered 407/);
      const env = { HTTP_PROXY: `http://me:pw@127.0.0.1:${proxy.port}`, NO_PROXY: 'other.test' };
      // A name that only the proxy could know: it is asked for it.
      const named = targetOf(server, { host: 'win.acme.test', timeout: '1s' });
      const error = await failureOf(connect(named, winrmContext({ env })));
      expect(error.message).toMatch(/through the proxy 127.0.0.1.*answered 502/);
      const straight = await failureOf(connect({ ...named, noProxy: true }, winrmContext({ env })));
      expect(straight.message).not.toContain('proxy');
    } finally {
      await proxy.stop();
    }
  });
});
