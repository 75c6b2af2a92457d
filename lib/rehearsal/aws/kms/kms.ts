import { createHash } from 'node:crypto';
import { text, type JsonCall, type JsonHandler } from '../documents';
import { AwsError } from '../errors';
import { uuid } from '../ids';
import { addKey, findKey, keyArn, type Key } from './keys';

function keyOf(call: JsonCall, name = text(call, 'KeyId')): Key {
  const key = findKey(call.world, call, name);
  if (key) return key;
  const what = name.startsWith('alias/') ? 'Alias' : 'Key';
  throw new AwsError('NotFoundException', `${what} '${name}' does not exist`);
}

function usable(call: JsonCall, name?: string): Key {
  const key = keyOf(call, name);
  if (key.state === 'Enabled') return key;
  throw new AwsError('DisabledException', `${keyArn(key)} is disabled.`);
}

function metadata(key: Key): object {
  return {
    AWSAccountId: key.account,
    KeyId: key.id,
    Arn: keyArn(key),
    CreationDate: key.createdAt / 1000,
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: key.state,
    Origin: 'AWS_KMS',
    KeyManager: key.manager,
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: key.id.startsWith('mrk-'),
  };
}

const SECRET = 'data key of the rehearsal: ';

function dataKey(call: JsonCall): { readonly key: Key; readonly blob: Buffer } {
  const key = usable(call);
  return { key, blob: Buffer.from(`${keyArn(key)} ${SECRET}${call.world.dice.hex(32)}`) };
}

function change(state: Key['state']): JsonHandler {
  return (call) => {
    keyOf(call).state = state;
    return {};
  };
}

/** What of KMS an encrypted image needs. Nothing is encrypted here: keys only are there or not, enabled or disabled. */
export const KMS: Readonly<Record<string, JsonHandler>> = {
  CreateKey: (call) => {
    const { world, account, region, now, input } = call;
    const description = typeof input['Description'] === 'string' ? input['Description'] : '';
    const key = { id: uuid(world.dice), account, region, createdAt: now, description, manager: 'CUSTOMER' as const };
    return { KeyMetadata: metadata(addKey(world, { ...key, state: 'Enabled', aliases: new Set() })) };
  },
  CreateAlias: (call) => {
    const name = text(call, 'AliasName');
    const taken = [...call.world.keys.values()].some((one) => one.aliases.has(name) && one.region === call.region);
    if (taken) throw new AwsError('AlreadyExistsException', `An alias with the name ${name} already exists`);
    keyOf(call, text(call, 'TargetKeyId')).aliases.add(name);
    return {};
  },
  DescribeKey: (call) => ({ KeyMetadata: metadata(keyOf(call)) }),
  DisableKey: change('Disabled'),
  EnableKey: change('Enabled'),
  ListAliases: (call) => {
    findKey(call.world, call, 'alias/aws/ebs');
    const own = [...call.world.keys.values()].filter(
      (key) => key.region === call.region && key.account === call.account,
    );
    const Aliases = own.flatMap((key) =>
      [...key.aliases].map((AliasName) => ({
        AliasName,
        AliasArn: `arn:aws:kms:${key.region}:${key.account}:${AliasName}`,
        TargetKeyId: key.id,
        CreationDate: key.createdAt / 1000,
      })),
    );
    return { Aliases, Truncated: false };
  },
  CreateGrant: (call) => {
    usable(call);
    text(call, 'GranteePrincipal');
    const id = createHash('sha256').update(JSON.stringify(call.input)).digest('hex');
    return { GrantId: id, GrantToken: Buffer.from(`grant ${id}`).toString('base64') };
  },
  GenerateDataKeyWithoutPlaintext: (call) => {
    const { key, blob } = dataKey(call);
    return { CiphertextBlob: blob.toString('base64'), KeyId: keyArn(key) };
  },
  Decrypt: (call) => {
    const blob = Buffer.from(text(call, 'CiphertextBlob'), 'base64').toString('utf8');
    const [name = '', ...rest] = blob.split(' ');
    if (!rest.join(' ').startsWith(SECRET)) throw new AwsError('InvalidCiphertextException', '');
    const key = usable(call, name);
    const Plaintext = createHash('sha256').update(blob).digest('base64');
    return { KeyId: keyArn(key), Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  },
};
