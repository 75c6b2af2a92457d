import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';

/** A certificate of a test, signed by itself. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
  /** SHA-256, as `openssl x509 -fingerprint` prints it. */
  readonly fingerprint: string;
}

/** Makes a certificate. */
export function makeCertificate(folder: string, name: string, names = 'DNS:localhost,IP:127.0.0.1'): Certificate {
  const [certFile, keyFile] = [`${folder}/${name}.pem`, `${folder}/${name}.key`];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-sha256', '-subj', `/CN=${name}`].concat([
      ...['-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', certFile],
    ]),
    { stdio: 'ignore' },
  );
  const cert = fs.readFileSync(certFile, 'utf8');
  return {
    certFile,
    keyFile,
    cert,
    key: fs.readFileSync(keyFile, 'utf8'),
    fingerprint: new X509Certificate(cert).fingerprint256,
  };
}
