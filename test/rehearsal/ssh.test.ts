import { generateKeyPairSync } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { Client, type SFTPWrapper } from 'ssh2';
import { createKeyPair, fingerprintOf } from '../../lib/communicators/ssh/key-pair';
import { describeIf } from '../helpers/requires';
import { isRoot } from '../platforms/sandbox/able';
import { client, items, type Data } from './client';
import { rehearse, type Rehearsing } from './context';

describeIf(isRoot, 'root on Linux is needed for machines', 'an instance that is reached by SSH', () => {
  let rehearsal: Rehearsing;
  let ec2: ReturnType<typeof client>;
  const own = createKeyPair('ed25519');
  const hostKey = createKeyPair('ed25519');
  let address: string;
  let shown = '';

  beforeAll(async () => {
    rehearsal = await rehearse({ speed: 1000 });
    ec2 = client(rehearsal.endpoints['aws']!);
    await ec2('ImportKeyPair', { KeyName: 'own', PublicKeyMaterial: Buffer.from(own.publicKey).toString('base64') });
    const config = {
      ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
      users: ['default', { name: 'builder', ssh_authorized_keys: [own.publicKey] }],
    };
    address = await launch(`#cloud-config\n${JSON.stringify(config)}\n`, 22);
  });
  afterAll(() => rehearsal.close());

  async function launch(userData: string, port: number): Promise<string> {
    const found = await ec2('DescribeImages', {
      'Owner.1': '136693071363',
      'Filter.1.Name': 'architecture',
      'Filter.1.Value.1': 'x86_64',
    });
    const group = (await ec2('CreateSecurityGroup', { GroupName: `port ${port}`, GroupDescription: 'd' })).data[
      'groupId'
    ] as string;
    await ec2('AuthorizeSecurityGroupIngress', {
      GroupId: group,
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      CidrIp: '0.0.0.0/0',
    });
    const launched = await ec2('RunInstances', {
      ImageId: items(found.data['imagesSet'])[0]!['imageId'] as string,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      KeyName: 'own',
      'SecurityGroupId.1': group,
      UserData: Buffer.from(userData).toString('base64'),
    });
    const id = items(launched.data['instancesSet'])[0]!['instanceId'] as string;
    await rehearsal.settle();
    const described = await ec2('DescribeInstances', { 'InstanceId.1': id });
    return items(items(described.data['reservationSet'])[0]!['instancesSet'])[0]!['ipAddress'] as string;
  }

  async function connect(username: string, privateKey: string, host = address): Promise<Client> {
    const connection = new Client();
    await new Promise<void>((resolve, reject) => {
      connection.once('ready', resolve).once('error', reject);
      connection.connect({
        host,
        port: 22,
        username,
        privateKey,
        hostVerifier: (key: Buffer) => ((shown = fingerprintOf(key)), true),
      });
    });
    return connection;
  }

  async function exec(
    command: string,
    stdin = '',
  ): Promise<{ code: number | undefined; signal: string | undefined; out: Buffer; err: string }> {
    const connection = await connect('admin', own.privateKey);
    try {
      return await new Promise((resolve, reject) => {
        connection.exec(command, (error, channel) => {
          if (error) return reject(error);
          const out: Buffer[] = [];
          let err = '';
          channel.on('data', (part: Buffer) => out.push(part));
          channel.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
          let end: [number | undefined, string | undefined] = [undefined, undefined];
          channel.once('exit', (code?: number, signal?: string) => (end = [code ?? undefined, signal]));
          channel.once('close', () => resolve({ code: end[0], signal: end[1], out: Buffer.concat(out), err }));
          channel.end(stdin);
        });
      });
    } finally {
      connection.end();
    }
  }

  test('shows the host key that its user data gives it', async () => {
    (await connect('admin', own.privateKey)).end();
    expect(shown).toBe(hostKey.fingerprint);
  });

  test('lets nobody in with another key, nor as a user whom it does not know', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      type: 'pkcs1',
      format: 'pem',
    }) as string;
    await expect(connect('admin', other)).rejects.toThrow('All configured authentication methods failed');
    await expect(connect('stranger', own.privateKey)).rejects.toThrow('All configured authentication methods failed');
    (await connect('builder', own.privateKey)).end();
  });

  test('hands on input, output as bytes, status and signal', async () => {
    const bytes = Buffer.from([0, 255, 128, 10, 13, 0xc3]);
    expect((await exec(`printf '\\000\\377\\200\\n\\r\\303'; echo oops >&2; exit 7`)).out).toEqual(bytes);
    expect(await exec('cat; echo oops >&2; exit 7', 'input')).toMatchObject({
      code: 7,
      out: Buffer.from('input'),
      err: 'oops\n',
    });
    expect(await exec('echo $HOME $USER; sudo -E sh -c "id -u"')).toMatchObject({
      code: 0,
      out: Buffer.from('/home/admin admin\n0\n'),
    });
  });

  test('serves files by SFTP', async () => {
    const connection = await connect('admin', own.privateKey);
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-sftp-'));
    try {
      const sftp = await new Promise<SFTPWrapper>((resolve, reject) =>
        connection.sftp((error, made) => (error ? reject(error) : resolve(made))),
      );
      const content = Buffer.alloc(1_000_003, 'goldsmith');
      await fs.writeFile(path.join(folder, 'up'), content);
      const done = (start: (end: (error?: Error | null) => void) => void): Promise<void> =>
        new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
      await done((end) => sftp.fastPut(path.join(folder, 'up'), '/tmp/it', end));
      await done((end) => sftp.chmod('/tmp/it', 0o640, end));
      await done((end) => sftp.rename('/tmp/it', '/tmp/renamed', end));
      await done((end) => sftp.fastGet('/tmp/renamed', path.join(folder, 'down'), end));
      expect((await fs.readFile(path.join(folder, 'down'))).equals(content)).toBe(true);
      expect((await exec('stat -c %a /tmp/renamed')).out.toString()).toBe('640\n');
      await done((end) => sftp.mkdir('/tmp/folder', end));
      await done((end) => sftp.writeFile('/tmp/folder/b', 'b', end));
      const names = await new Promise<string[]>((resolve, reject) =>
        sftp.readdir('/tmp/folder', (error, list) =>
          error ? reject(error) : resolve(list.map(({ filename }) => filename)),
        ),
      );
      expect(names.filter((name) => !name.startsWith('.'))).toEqual(['b']);
      await expect(done((end) => sftp.fastPut(path.join(folder, 'up'), '/nowhere/it', end))).rejects.toThrow(
        /no such file|nonexistent/i,
      );
    } finally {
      connection.end();
      await fs.rm(folder, { recursive: true, force: true });
    }
  });

  test('runs a script that is its user data, and answers only where its security group lets it', async () => {
    const scripted = await launch('#!/bin/sh\necho made > /etc/made-by-user-data\n', 2222);
    await expect(connect('admin', own.privateKey, scripted)).rejects.toThrow();
    const group = items(
      (await ec2('DescribeSecurityGroups', { 'Filter.1.Name': 'group-name', 'Filter.1.Value.1': 'port 2222' })).data[
        'securityGroupInfo'
      ],
    )[0]!;
    await ec2('AuthorizeSecurityGroupIngress', {
      GroupId: group['groupId'] as string,
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      CidrIp: '10.0.0.0/8',
    });
    address = scripted;
    expect((await exec('cat /etc/made-by-user-data')).out.toString()).toBe('made\n');
  });

  test('starts from what another one was when its image was made', async () => {
    await exec('echo first > /var/kept');
    const described = await ec2('DescribeInstances', { 'Filter.1.Name': 'ip-address', 'Filter.1.Value.1': address });
    const id = items(items(described.data['reservationSet'])[0]!['instancesSet'])[0]!['instanceId'] as string;
    const image = (await ec2('CreateImage', { InstanceId: id, Name: 'captured' })).data['imageId'] as string;
    await rehearsal.settle();
    await exec('echo second > /var/kept');
    const [described2] = items((await ec2('DescribeImages', { 'ImageId.1': image })).data['imagesSet']);
    expect((described2 as Data)['imageState']).toBe('available');
    const launched = await ec2('RunInstances', {
      ImageId: image,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      KeyName: 'own',
    });
    const next = items(launched.data['instancesSet'])[0]!['instanceId'] as string;
    const groups = await ec2('DescribeSecurityGroups', {
      'Filter.1.Name': 'group-name',
      'Filter.1.Value.1': 'default',
    });
    const open = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '0.0.0.0/0' };
    await ec2('AuthorizeSecurityGroupIngress', {
      GroupId: items(groups.data['securityGroupInfo'])[0]!['groupId'] as string,
      ...open,
    });
    await rehearsal.settle();
    const reservation = items((await ec2('DescribeInstances', { 'InstanceId.1': next })).data['reservationSet'])[0]!;
    address = items(reservation['instancesSet'])[0]!['ipAddress'] as string;
    expect((await exec('cat /var/kept')).out.toString()).toBe('first\n');
    expect(rehearsal.warnings).toEqual([]);
  });
});
