import { createHash, createHmac } from 'node:crypto';
import { signedHeaders, signedUrl } from '../../../lib/platforms/aws/api/sign';

/** The keys, and the first request, of AWS's own test suite of signature version 4 (`get-vanilla`). */
const SIGNED = {
  keys: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 'service',
  now: Date.UTC(2015, 7, 30, 12, 36, 0),
};

test('headers are signed as AWS signs its own example', () => {
  expect(signedHeaders('https://example.amazonaws.com/', SIGNED)).toEqual({
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  });
});

test("an address is signed as the SDK's own signer signs it", async () => {
  const { SignatureV4 } = require('@smithy/signature-v4') as typeof import('@smithy/signature-v4');
  class Sha256 {
    private readonly hash;
    constructor(secret?: string | Uint8Array) {
      this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
    }
    update(data: string | Uint8Array): void {
      this.hash.update(data);
    }
    digest(): Promise<Uint8Array> {
      return Promise.resolve(this.hash.digest());
    }
    reset(): void {
      throw new Error('a hash is used once');
    }
  }
  const keys = { ...SIGNED.keys, sessionToken: 'to/ken+with=signs' };
  const signer = new SignatureV4({
    credentials: keys,
    region: 'eu-west-1',
    service: 'ec2-instance-connect',
    sha256: Sha256 as never,
  });
  const query = { remotePort: '22', instanceConnectEndpointId: 'eice-1', privateIpAddress: '10.0.0.7' };
  const theirs = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: 'eice-1.example.amazonaws.com',
      path: '/openTunnel',
      query,
      headers: { host: 'eice-1.example.amazonaws.com' },
    } as never,
    { expiresIn: 60, signingDate: new Date(SIGNED.now) },
  );
  const url = `https://eice-1.example.amazonaws.com/openTunnel?${new URLSearchParams(query).toString()}`;
  const ours = signedUrl(url, 60, { ...SIGNED, keys, region: 'eu-west-1', service: 'ec2-instance-connect' });
  expect(Object.fromEntries(new URL(ours).searchParams)).toEqual(theirs.query);
});
