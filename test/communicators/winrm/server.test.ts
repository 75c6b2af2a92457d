import * as fs from 'node:fs';
import { describeIf } from '../../helpers/requires';
import { temporaryFolder } from '../../provisioners/support';
import { makeCertificate } from './helpers/certificates';
import { HAS_PYWINRM, NO_PYWINRM, python } from './helpers/pywinrm';
import { WsmanServer, type WsmanOptions } from './helpers/wsman';

/** What the client of somebody else makes of our server: so it speaks the protocol, and not only with itself. */
describeIf(HAS_PYWINRM, NO_PYWINRM, "the tests' own WS-Management server, driven by pywinrm", () => {
  const folder = temporaryFolder();
  const own = makeCertificate(folder, 'server');
  const client = makeCertificate(folder, 'client');
  const PROGRAM = `
r = s.run_cmd('echo %OS%& echo oops 1>&2& exit 3')
print(repr((r.std_out, r.std_err, r.status_code)))
r = s.run_ps('$a = 6; Write-Output "six times seven is $($a * 7)"; exit 4')
print(repr((r.std_out, r.status_code)))
# pywinrm 0.3.0 reads errors of PowerShell as it did under Python 2
r = s.run_cmd('powershell -encodedcommand ' + base64.b64encode('throw "gone wrong"'.encode('utf_16_le')).decode())
print(repr((s._clean_error_msg(r.std_err.decode()).split('\\n')[0], r.status_code)))
r = s.run_cmd('sh -c "sleep 1.4; head -c 300000 /dev/zero | tr \\\\\\\\0 x"')
print(len(r.std_out), r.status_code)
`;

  const cases: [string, WsmanOptions, string][] = [
    [
      'Basic over HTTP',
      { allowUnencrypted: true },
      "'http://127.0.0.1:PORT/wsman', auth=('admin', 'correct horse'), transport='plaintext'",
    ],
    [
      'NTLM with sealed messages over HTTP',
      { basic: false },
      "'http://127.0.0.1:PORT/wsman', auth=('ACME\\\\admin', 'correct horse'), transport='ntlm'",
    ],
    [
      'NTLM by its own scheme',
      { basic: false, ntlm: 'NTLM' },
      "'http://127.0.0.1:PORT/wsman', auth=('admin', 'correct horse'), transport='ntlm', message_encryption='always'",
    ],
    [
      'NTLM over HTTPS',
      { tls: own, basic: false },
      `'https://127.0.0.1:PORT/wsman', auth=('admin', 'correct horse'), transport='ntlm', ca_trust_path='${own.certFile}'`,
    ],
    [
      'Basic over HTTPS',
      { tls: own, ntlm: undefined },
      `'https://127.0.0.1:PORT/wsman', auth=('admin', 'correct horse'), transport='ssl', ca_trust_path='${own.certFile}'`,
    ],
    [
      'a certificate',
      { tls: own, basic: false, ntlm: undefined, certificates: [client.fingerprint] },
      `'https://127.0.0.1:PORT/wsman', auth=('', ''), transport='certificate', cert_pem='${client.certFile}', cert_key_pem='${client.keyFile}', ca_trust_path='${own.certFile}'`,
    ],
  ];

  test.each(cases)('%s', async (_how, options, session) => {
    const server = await new WsmanServer(options).start();
    try {
      const printed = await python(
        `import base64, winrm\ns = winrm.Session(${session.replace('PORT', String(server.port))}, operation_timeout_sec=1, read_timeout_sec=30)\n${PROGRAM}`,
      );
      const lines = printed.trimEnd().split('\n');
      expect(lines[0]).toBe("(b'Windows_NT\\r\\n', b'oops\\r\\n', 3)");
      expect(lines[1]).toBe("(b'six times seven is 42\\r\\n', 4)");
      expect(lines[2]).toBe("('gone wrong', 1)");
      expect(lines[3]).toBe('300000 0');
      expect(server.shells.size).toBe(0);
      if (options.basic === false && !options.tls)
        expect(Buffer.concat(server.bodies).includes('CommandLine')).toBe(false);
    } finally {
      await server.stop();
      expect(fs.existsSync(server.machine.root)).toBe(false);
    }
  });

  test('a wrong password is refused', async () => {
    const server = await new WsmanServer({ allowUnencrypted: true }).start();
    try {
      for (const transport of ['plaintext', 'ntlm'])
        await expect(
          python(
            `import winrm\nwinrm.Session('http://127.0.0.1:${server.port}/wsman', auth=('admin', 'wrong'), transport='${transport}').run_cmd('echo')`,
          ),
        ).rejects.toThrow('credentials were rejected');
    } finally {
      await server.stop();
    }
  });
});
