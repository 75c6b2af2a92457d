import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const PYTHON = '/usr/bin/python3';

/** Whether Debian's python3-winrm is here. */
export const HAS_PYWINRM = spawnSync(PYTHON, ['-c', 'import winrm, requests_ntlm']).status === 0;
export const NO_PYWINRM = 'python3-winrm is not installed (apt-get install python3-winrm)';

/** OpenSSL 3 has MD4, which NTLM needs, only for those who ask for it. */
const LEGACY = `openssl_conf = init
[init]
providers = providers
[providers]
default = active
legacy = active
[active]
activate = 1
`;

/** Runs a program of Python that has `winrm`; what it printed, or its error. */
export function python(program: string): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-python-'));
  const config = path.join(folder, 'openssl.cnf');
  fs.writeFileSync(config, LEGACY);
  return new Promise<string>((resolve, reject) => {
    const child = spawn(PYTHON, ['-W', 'ignore', '-c', program], {
      env: { PATH: process.env['PATH'], OPENSSL_CONF: config },
    });
    let [printed, errors] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(printed) : reject(new Error(`exit ${code}: ${errors}`))));
  }).finally(() => fs.rmSync(folder, { recursive: true }));
}
