import { generateKeyPairSync, publicEncrypt, constants } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { accessOf, placeOf } from '../../../lib/platforms/aws/api/access';
import { credentialsOf } from '../../../lib/platforms/aws/api/credentials';
import { needSdk } from '../../../lib/platforms/aws/api/sdk-package';
import { launchDevices } from '../../../lib/platforms/aws/driver/devices';
import { amiNameOf } from '../../../lib/platforms/aws/driver/names';
import { triesOf } from '../../../lib/platforms/aws/driver/request';
import { decryptPassword } from '../../../lib/platforms/aws/driver/windows';
import { temporaryFolder } from '../../provisioners/support';

const folder = temporaryFolder();
const type = { instanceType: 't3.small' };

test('types are tried in order in each place, spot before on demand', () => {
  const spots = [{ zone: 'a' }, { zone: 'b' }];
  const config = { instanceType: ['m5.large'], spotInstanceTypes: ['t3.small', 't3.large'], spotFallback: true };
  expect(
    triesOf(config, spots).map(({ type: one, spot, where }) => `${spot ? 'spot ' : ''}${one} ${where.zone}`),
  ).toEqual(['spot t3.small a', 'spot t3.small b', 'spot t3.large a', 'spot t3.large b', 'm5.large a', 'm5.large b']);
});

test('an encrypted image starts as an encrypted root volume, whatever else is said of it', () => {
  const image = { RootDeviceName: '/dev/xvda' };
  expect(launchDevices({ ...type, encryptBoot: true, kmsKeyId: 'alias/k' }, image)).toEqual([
    { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, KmsKeyId: 'alias/k' } },
  ]);
  const own = [{ deviceName: '/dev/xvda', volumeSize: 20, volumeType: 'gp3' as const }];
  expect(launchDevices({ ...type, encryptBoot: true, launchBlockDeviceMappings: own }, image)).toEqual([
    { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 20, VolumeType: 'gp3', DeleteOnTermination: true } },
  ]);
});

test('a name is made of app, build and run, of what EC2 allows', () => {
  const ctx = {
    run: { id: 'r', app: '@acme/images', startedAt: Date.UTC(2026, 0, 2, 3, 4, 5) },
    node: { id: 'Web+/Aws' },
  };
  expect(amiNameOf({}, ctx)).toBe('@acme/images-Web-/Aws-r');
});

test('the password of Windows is decrypted with the key of the key pair', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const encrypted = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from('S3cret!'));
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  expect(decryptPassword(encrypted.toString('base64'), pem)).toBe('S3cret!');
  expect(() => decryptPassword(Buffer.from('x').toString('base64'), pem)).toThrow('cannot be decrypted');
});

test('a package that is not installed is named with the command that installs it', () => {
  const load = (): never => {
    throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
  };
  expect(() => needSdk('@aws-sdk/client-ec2', load)).toThrow(
    'AWS needs the package @aws-sdk/client-ec2, which is not installed',
  );
});

describe('access', () => {
  test('the region is the prop, the environment, or the profile', async () => {
    const HOME = path.join(folder, 'home');
    fs.mkdirSync(path.join(HOME, '.aws'), { recursive: true });
    fs.writeFileSync(
      path.join(HOME, '.aws/config'),
      '[default]\nregion = eu-north-1\n[profile ci]\nregion=us-west-2\n',
    );
    const regions = await Promise.all([
      accessOf({ region: 'eu-west-1' }, { HOME, AWS_REGION: 'eu-west-2' }),
      accessOf({}, { HOME, AWS_REGION: 'eu-west-2' }),
      accessOf({}, { HOME }),
      accessOf({ profile: 'ci' }, { HOME }),
    ]);
    expect(regions.map(({ region }) => region)).toEqual(['eu-west-1', 'eu-west-2', 'eu-north-1', 'us-west-2']);
    await expect(accessOf({}, { HOME: '/nowhere' })).rejects.toThrow('no region is given');
  });

  test('an address of one service comes before that of all', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_SSM: 'http://ssm', AWS_REGION: 'eu-west-1' };
    expect((await accessOf({ customEndpointEc2: 'http://own' }, env)).endpoints).toEqual({
      ebs: 'http://all',
      ec2: 'http://own',
      s3: 'http://all',
      ssm: 'http://ssm',
      sts: 'http://all',
      iam: 'http://all',
      'ec2-instance-connect': 'http://all',
      secretsmanager: 'http://all',
    });
  });

  test('what is written down of it holds no secret', async () => {
    const access = await accessOf(
      { region: 'eu-west-1', accessKey: 'AKIA', secretKey: 'very-secret', token: 'tok' },
      {},
    );
    expect(JSON.stringify(placeOf(access))).toBe('{"region":"eu-west-1","access":{"accessKey":"AKIA"}}');
  });

  test('keys are the program’s, else the environment’s, else the profile’s; where there are none, that is said', async () => {
    const HOME = path.join(folder, 'keys');
    fs.mkdirSync(path.join(HOME, '.aws'), { recursive: true });
    fs.writeFileSync(path.join(HOME, '.aws/credentials'), '[ci]\naws_access_key_id=P\naws_secret_access_key=Q\n');
    const env = { HOME, AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 'F', AWS_EC2_METADATA_DISABLED: 'true' };
    const region = 'eu-west-1';
    const keys = async (props: object, from: object): Promise<string> =>
      (await credentialsOf(await accessOf({ region, ...props }, from as Record<string, string>))()).accessKeyId;
    expect(await keys({ accessKey: 'A', secretKey: 'B' }, env)).toBe('A');
    expect(await keys({}, env)).toBe('E');
    expect(await keys({ profile: 'ci' }, env)).toBe('P');
    await expect(keys({}, { HOME, AWS_EC2_METADATA_DISABLED: 'true' })).rejects.toThrow(
      'no credentials for AWS were found',
    );
  });
});
