import type { CloudRequest } from '../cloud';
import { AwsError } from './errors';
import { signatureFault, type Credential, type SignatureFault } from './signature';

/** The access key that the rehearsal gives to the run, and its secret. */
export const ACCESS_KEY = 'GOLDSMITHREHEARSAL';
export const SECRET_KEY = 'rehearsal';

/** Codes of EC2 (docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html), of the query and of the JSON protocol. */
const CODES: Readonly<Record<SignatureFault, Readonly<Record<'ec2' | 'query' | 'json', readonly [string, number]>>>> = {
  incomplete: {
    ec2: ['AuthFailure', 401],
    query: ['IncompleteSignature', 403],
    json: ['IncompleteSignatureException', 400],
  },
  'unknown-key': {
    ec2: ['AuthFailure', 401],
    query: ['InvalidClientTokenId', 403],
    json: ['UnrecognizedClientException', 400],
  },
  'wrong-token': {
    ec2: ['AuthFailure', 401],
    query: ['InvalidClientTokenId', 403],
    json: ['UnrecognizedClientException', 400],
  },
  'wrong-signature': {
    ec2: ['AuthFailure', 401],
    query: ['SignatureDoesNotMatch', 403],
    json: ['InvalidSignatureException', 400],
  },
  expired: {
    ec2: ['RequestExpired', 400],
    query: ['RequestExpired', 400],
    json: ['RequestExpired', 400],
  },
  'ended-session': {
    ec2: ['RequestExpired', 400],
    query: ['ExpiredToken', 403],
    json: ['ExpiredTokenException', 400],
  },
};

const WORDS: Readonly<Record<SignatureFault, string>> = {
  incomplete: 'The request signature is not complete, or not of version 4 in a header',
  'unknown-key': 'The security token included in the request is invalid: the rehearsal gave no such access key',
  'wrong-token': 'The security token included in the request is invalid',
  'wrong-signature':
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method',
  expired: 'Request has expired: the clocks of both sides differ by more than five minutes',
  'ended-session': 'The security token included in the request is expired',
};

/** The access keys that there are. */
export class Credentials {
  private readonly known = new Map<string, Credential>([[ACCESS_KEY, { secret: SECRET_KEY }]]);

  /**
   * @param strangers whether keys that were not given here are let in too, with any signature
   */
  constructor(private readonly strangers: boolean) {}

  /** Makes a key known. */
  add(accessKey: string, credential: Credential): void {
    this.known.set(accessKey, credential);
  }

  /** All of them, and back: for state in a folder. */
  get entries(): readonly (readonly [string, Credential])[] {
    return [...this.known];
  }

  /** Refuses a request that is not signed as it must be. */
  check(request: CloudRequest, accessKey: string, service: string): void {
    if (this.strangers && !this.known.has(accessKey)) return;
    // The wall clock, as who signs uses it: that of a rehearsal may run ahead.
    const fault = signatureFault(request, (key) => this.known.get(key), Date.now());
    if (fault === undefined) return;
    const isJson = request.headers['x-amz-target'] !== undefined;
    const [code, status] = CODES[fault][isJson ? 'json' : service === 'ec2' ? 'ec2' : 'query'];
    throw new AwsError(code, `${WORDS[fault]}.`, status);
  }
}
