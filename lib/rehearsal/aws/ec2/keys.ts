import { createHash, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { createKeyPair } from '../../../communicators/ssh/key-pair';
import { parsed } from '../../machines/ssh-front';
import type { Body, Call } from '../call';
import { AwsError } from '../errors';
import { filtered } from '../filters';
import { checkTagTypes, tagSet, tagsFor } from '../tags';
import type { KeyPair } from '../types';

const makeKeyPair = promisify(generateKeyPair);

/** CreateKeyPair: the private key is in the answer, and nowhere else. */
export async function create(call: Call): Promise<Body> {
  const { params } = call;
  const type = params.oneOf('KeyType', ['rsa', 'ed25519']) ?? 'rsa';
  const format = params.oneOf('KeyFormat', ['pem', 'ppk']) ?? 'pem';
  if (format === 'ppk') throw new AwsError('UnsupportedOperation', 'The rehearsal makes keys in PEM format only');
  checkName(call);
  const { material, publicKey, fingerprint } = type === 'rsa' ? await rsa() : ed25519();
  const key = add(call, type, publicKey, fingerprint);
  return { ...view(key), keyMaterial: material };
}

/** ImportKeyPair. */
export function take(call: Call): Body {
  const { params } = call;
  checkName(call);
  const text = Buffer.from(params.need('PublicKeyMaterial'), 'base64').toString('utf8').trim();
  const key = parsed(text);
  const blob = key?.getPublicSSH();
  if (!key || !blob || key.isPrivateKey() || (key.type !== 'ssh-rsa' && key.type !== 'ssh-ed25519')) {
    throw new AwsError('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
  }
  const line = `${key.type} ${blob.toString('base64')}`;
  const der = Buffer.from(key.getPublicPEM().replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const fingerprint = key.type === 'ssh-rsa' ? colons(createHash('md5').update(der).digest('hex')) : sha256(blob);
  return view(add(call, key.type === 'ssh-rsa' ? 'rsa' : 'ed25519', line, fingerprint));
}

/** DeleteKeyPair: one that is not there is deleted already. */
export function remove(call: Call): Body {
  const { world, params } = call;
  const name = params.text('KeyName');
  const id = params.text('KeyPairId');
  if (name === undefined && id === undefined) {
    throw new AwsError('MissingParameter', 'The request must contain the parameter KeyName or KeyPairId');
  }
  const key = world.keyPairs.of(call).find((one) => (id === undefined ? one.name === name : one.id === id));
  if (key) {
    world.keyPairs.delete(key.id);
    world.inventory.deleted(key.id, call.now);
  }
  return { return: true, keyPairId: key?.id };
}

/** DescribeKeyPairs. */
export function describe(call: Call): Body {
  const { world, params } = call;
  const own = world.keyPairs.of(call);
  const names = params.list('KeyName');
  const ids = params.list('KeyPairId');
  for (const name of names) find(call, name);
  for (const id of ids) world.keyPairs.get(call, id);
  const chosen = own.filter(
    ({ name, id }) => (names.length === 0 && ids.length === 0) || names.includes(name) || ids.includes(id),
  );
  const found = filtered(call, chosen, {
    'key-name': ({ name }) => name,
    'key-pair-id': ({ id }) => id,
    fingerprint: ({ fingerprint }) => fingerprint,
  });
  const isShown = params.flag('IncludePublicKey') === true;
  return {
    keySet: found.map((key) => ({
      ...view(key),
      keyType: key.type,
      createTime: new Date(key.createdAt),
      publicKey: isShown ? key.publicKey : undefined,
    })),
  };
}

/** A key pair by name. */
export function find(call: Call, name: string): KeyPair {
  const key = call.world.keyPairs.of(call).find((one) => one.name === name);
  if (key) return key;
  throw new AwsError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);
}

function checkName({ world, params, account, region }: Call): void {
  const name = params.need('KeyName');
  if (name.length > 255)
    throw new AwsError('InvalidParameterValue', `The key pair name '${name}' has more than 255 characters`);
  // Whether a name is taken is known at once, also where the key is not seen yet.
  const taken = world.keyPairs
    .all()
    .some((one) => one.account === account && one.region === region && one.name === name);
  if (taken) throw new AwsError('InvalidKeyPair.Duplicate', `The keypair already exists`);
}

function add(call: Call, type: KeyPair['type'], publicKey: string, fingerprint: string): KeyPair {
  const { world, params } = call;
  checkName(call);
  checkTagTypes(params, ['key-pair']);
  const name = params.need('KeyName');
  const key = world.keyPairs.add({
    ...world.entity(call, 'key', tagsFor(params, 'key-pair')),
    name,
    type,
    fingerprint,
    publicKey: `${publicKey} ${name}`,
  });
  world.inventory.created({
    cloud: 'aws',
    kind: 'key pair',
    id: key.id,
    region: key.region,
    detail: name,
    createdAt: call.now,
    lasts: false,
  });
  return key;
}

function view({ name, id, fingerprint, tags }: KeyPair): Body {
  return { keyName: name, keyFingerprint: fingerprint, keyPairId: id, tagSet: tagSet(tags) };
}

interface Made {
  readonly material: string;
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** As EC2 does it: 2048 bits, in PKCS#1, and of that the fingerprint is the SHA-1 of the key in PKCS#8. */
async function rsa(): Promise<Made> {
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
  const material = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const blob = parsed(material)!.getPublicSSH();
  return {
    material,
    publicKey: `ssh-rsa ${blob.toString('base64')}`,
    fingerprint: colons(createHash('sha1').update(der).digest('hex')),
  };
}

function ed25519(): Made {
  const { privateKey, publicKey } = createKeyPair('ed25519');
  const [type, blob] = publicKey.split(' ');
  return { material: privateKey, publicKey: `${type!} ${blob!}`, fingerprint: sha256(Buffer.from(blob!, 'base64')) };
}

/** A secret that no seed gives away. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

function colons(hex: string): string {
  return hex.replace(/..(?!$)/g, '$&:');
}

function sha256(blob: Uint8Array): string {
  return createHash('sha256').update(blob).digest('base64');
}
