import { constants, createPrivateKey, privateDecrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GoldsmithError } from '../../../errors';
import type { ResourceContext } from '../../../extension/context';
import { parseDuration } from '../../../util/duration';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import type { MachineKeys } from './keys';

/** The Administrator's password: EC2 gives it when Windows has made it, encrypted with the key pair's key. */
export async function windowsPassword(
  api: Api,
  id: string,
  config: AmazonEbsConfig,
  keys: MachineKeys,
  ctx: ResourceContext,
): Promise<string> {
  const timeout = parseDuration(config.windowsPasswordTimeout ?? '20m');
  ctx.say('waiting for the password of Windows');
  const waited = ctx.poll(
    `the password of ${id}`,
    async () => {
      const { PasswordData = '' } = await api.call('ec2:GetPasswordData', { InstanceId: id }, ctx.signal);
      return PasswordData.trim() === '' ? undefined : PasswordData.trim();
    },
    { timeout, interval: 1000, maxInterval: 10_000 },
  );
  const encrypted = await waited.catch((error: unknown) => {
    throw GoldsmithError.is(error) && error.code === 'STEP_TIMEOUT' ? noPassword(error) : error;
  });
  const password = decryptPassword(encrypted, await privateKeyOf(config, keys, ctx));
  ctx.secret(password);
  return password;
}

/**
 * Decrypts it: RSA with PKCS #1 v1.5, as docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetPasswordData.html says. Node no longer
 * takes this padding off (it could be probed by whoever may send texts at will), so it is done here.
 */
export function decryptPassword(encrypted: string, privateKey: string): string {
  const { utils } = require('ssh2') as typeof import('ssh2');
  const parsed = utils.parseKey(privateKey);
  const pem = parsed instanceof Error ? privateKey : [parsed].flat()[0]!.getPrivatePEM();
  try {
    const key = createPrivateKey(pem);
    const padded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(encrypted, 'base64'));
    return unpadded(padded).toString('utf8');
  } catch (error) {
    throw new GoldsmithError('CONNECT_FAILED', 'the password of Windows cannot be decrypted with the private key', {
      hint: 'it must be the RSA key of the key pair that the instance was started with',
      cause: error,
    });
  }
}

/** RFC 8017, 7.2.2: 00 02, at least eight bytes that are not zero, 00, the message. */
function unpadded(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0, 2);
  if (bytes[0] !== 0 || bytes[1] !== 2 || end < 10) throw new Error('the padding is not that of PKCS #1');
  return bytes.subarray(end + 1);
}

/** An image keeps its password where it was captured as it is. */
function noPassword(error: GoldsmithError): GoldsmithError {
  return new GoldsmithError('CONNECT_FAILED', error.message, {
    hint: 'Windows makes a password at its first start, and where its image was prepared for that (`EC2Launch.exe sysprep`); else give that of the image as `communicator.password`',
    cause: error,
  });
}

async function privateKeyOf(
  { communicator }: AmazonEbsConfig,
  { user }: MachineKeys,
  ctx: ResourceContext,
): Promise<string> {
  if (user) return user.privateKey;
  const file =
    typeof communicator === 'object' && communicator.type === 'ssh' ? communicator.privateKeyFile : undefined;
  if (file !== undefined) return readFile(ctx.resolvePath(file), 'utf8');
  throw new GoldsmithError('CONNECT_FAILED', 'there is no private key to decrypt the password of Windows with', {
    hint: 'leave out `sshKeypairName`, so that a temporary key pair is made, or give `communicator.password`',
  });
}
