import * as path from 'node:path';
import { createKeyPair } from '../../../lib/communicators/ssh/key-pair';
import type { Communicator } from '../../../lib/extension';
import { verification, type VerificationConfig } from '../../../lib/provisioners/verification';
import { describeIf } from '../../helpers/requires';
import { provisionContext, temporaryFolder } from '../support';
import { guestWith, hasNamespaces, type Files } from './fake-guest';

describeIf(hasNamespaces, 'it needs root and unshare', 'what an image must not hold', () => {
  const folder = temporaryFolder();
  let count = 0;
  const guest = (files: Files, replaced: readonly string[]): Communicator =>
    guestWith(path.join(folder, `guest-${(count += 1)}`), files, replaced);

  async function check(config: VerificationConfig, machine: Communicator, second?: Communicator): Promise<string[]> {
    const ctx = provisionContext(folder, second && { freshMachine: (use) => use(second) });
    await verification.run(config, machine, ctx).catch(() => undefined);
    return ctx.checks.map(({ name, wrong }) => [name, ...wrong].join(': '));
  }

  describe('a temporary key', () => {
    const replaced = ['/root', '/home', '/etc/ssh'];
    const own = createKeyPair().publicKey;
    const mine = `ssh-ed25519 AAAAmine me@home`;

    test('is found for every user, whoever made it', async () => {
      const left = createKeyPair().publicKey;
      const files: Files = {
        '/root/.ssh/authorized_keys': `# keys\n${mine}\nno-pty,command="echo hi" ${left}\n`,
        '/root/.ssh/authorized_keys2': 'ssh-rsa AAAA packer_64f0c1d2-0000-1111-2222-333344445555',
      };
      expect(await check({ noTemporaryKeys: true }, guest(files, replaced))).toEqual([
        'no temporary key is left: /root/.ssh/authorized_keys holds one (goldsmith): ' +
          '/root/.ssh/authorized_keys2 holds one (packer_64f0c1d2-0000-1111-2222-333344445555)',
      ]);
    });

    test('is none of the image’s where goldsmith entered this very machine with it', async () => {
      const machine = guest({ '/root/.ssh/authorized_keys': `${mine}\n${own}\n` }, replaced);
      expect(await check({ noTemporaryKeys: true }, machine)).toEqual([
        'no temporary key is left: /root/.ssh/authorized_keys holds one (goldsmith)',
      ]);
      const entered = { ...machine, facts: { ...machine.facts, SSHPublicKey: own } };
      expect(await check({ noTemporaryKeys: true }, entered)).toEqual(['no temporary key is left']);
    });

    test('is not there', async () => {
      expect(await check({ noTemporaryKeys: true }, guest({ '/root/.ssh/authorized_keys': mine }, replaced))).toEqual([
        'no temporary key is left',
      ]);
      expect(await check({ noTemporaryKeys: true }, guest({}, replaced))).toEqual(['no temporary key is left']);
    });
  });

  describe('what tells machines apart', () => {
    const machine = (key: string, id: string | undefined): Communicator =>
      guest(
        {
          '/etc/ssh/ssh_host_ed25519_key': 'secret',
          '/etc/ssh/ssh_host_ed25519_key.pub': `ssh-ed25519 ${key} root@x\n`,
          ...(id !== undefined && { '/var/lib/dbus/machine-id': `${id}\n` }),
        },
        ['/etc/ssh', '/var/lib/dbus'],
      );
    // /etc/machine-id of this machine is in the way.
    const withId = async (here: Communicator, there: Communicator): Promise<string[]> =>
      (await check({ uniqueIdentity: true }, here, there)).slice(0, 1);

    test('differs on two boots', async () => {
      expect(await withId(machine('AAAA1', 'a'), machine('AAAA2', 'b'))).toEqual([
        'SSH host keys of two boots (1 compared)',
      ]);
    });

    test('is the same where it is part of the image', async () => {
      expect(await withId(machine('AAAA1', 'a'), machine('AAAA1', 'a'))).toEqual([
        'SSH host keys of two boots (1 compared): /etc/ssh/ssh_host_ed25519_key is the same on both: it is part of the image',
      ]);
    });

    test('cannot be told where nothing was booted', async () => {
      expect(await check({ uniqueIdentity: true }, machine('AAAA1', 'a'))).toEqual([
        'a second boot of the image: is not possible here: this is no verification of an artifact',
      ]);
    });
  });

  const identity = (printed: string): Communicator => ({
    ...guest({}, []),
    exec: (_command, { onOutput }) => {
      onOutput?.(printed, 'stdout');
      return Promise.resolve({ ended: 'exit', code: 0 });
    },
  });

  test.each([
    ['uid 0\nmachine-id 1\n', 'uid 0\nmachine-id 2\n', 'machine id of two boots'],
    ['uid 0\n', 'uid 0\n', 'machine id of two boots (there is none)'],
    ['uid 0\nmachine-id uninitialized\n', 'uid 0\nmachine-id \n', 'machine id of two boots (there is none)'],
    [
      'uid 0\nmachine-id 1\n',
      'uid 0\nmachine-id 1\n',
      'machine id of two boots: is the same on both: empty /etc/machine-id at the end of the build',
    ],
  ])('the machine id %j and %j', async (here, there, result) => {
    expect(await check({ uniqueIdentity: true }, identity(here), identity(there))).toEqual([
      'SSH host keys of two boots (there are none)',
      result,
    ]);
  });

  test('who cannot be root is told so', async () => {
    expect(await check({ uniqueIdentity: true }, identity('uid 1000\n'), identity('uid 0\n'))).toEqual([
      expect.stringContaining('can neither be root'),
    ]);
    expect(await check({ noTemporaryKeys: true }, identity('uid 1000\n'))).toEqual([
      expect.stringContaining('can neither be root'),
    ]);
  });
});
