import * as path from 'node:path';
import { verification, type VerificationConfig } from '../../../lib/provisioners/verification';
import { describeIf } from '../../helpers/requires';
import { provisionContext, temporaryFolder } from '../support';
import { guestWith, hasNamespaces, type Files } from './fake-guest';

describeIf(hasNamespaces, 'it needs root and unshare', 'a service', () => {
  const folder = temporaryFolder();
  let count = 0;

  async function check(
    services: NonNullable<VerificationConfig['services']>,
    files: Files,
    replaced: readonly string[],
    within = '0s',
  ): Promise<{ checks: string[]; output: string | undefined }> {
    const ctx = provisionContext(folder);
    const machine = guestWith(path.join(folder, `guest-${(count += 1)}`), files, replaced);
    await verification.run({ services, within }, machine, ctx).catch(() => undefined);
    return {
      checks: ctx.checks.map(({ name, wrong }) => [name, ...wrong].join(': ')),
      output: ctx.checks.at(-1)?.output,
    };
  }

  const systemd: Files = {
    '/run/systemd/system/x': '',
    'bin/systemctl': `#!/bin/sh
for name; do :; done
case $1 in
is-enabled) [ "$name" = web ] ;;
show)
  case $name in
  web) echo LoadState=loaded; echo ActiveState=active; echo SubState=running ;;
  broken) echo LoadState=loaded; echo ActiveState=failed; echo SubState=failed ;;
  late) echo LoadState=loaded
    if [ -e /run/systemd/begun ]; then echo ActiveState=active; else : > /run/systemd/begun; echo ActiveState=activating; fi ;;
  *) echo LoadState=not-found; echo ActiveState=inactive; echo SubState=dead ;;
  esac ;;
esac
`,
    'bin/journalctl': '#!/bin/sh\necho "broken[1]: cannot bind"\n',
  };

  test('is asked for of systemd', async () => {
    const services = [
      'web',
      { name: 'web', enabled: true },
      { name: 'web', running: false },
      { name: 'web', enabled: false },
      { name: 'broken', enabled: true },
      { name: 'broken', running: false, enabled: false },
      'nothing',
      { name: 'nothing', running: false },
    ];
    expect((await check(services, systemd, ['/run'], '1m')).checks).toEqual([
      'service web',
      'service web',
      'service web: runs (active (running)), but must not',
      'service web: starts at boot, but must not',
      'service broken: does not run: failed (failed): does not start at boot',
      'service broken',
      'service nothing: is not known to systemd',
      'service nothing',
    ]);
  });

  test('is waited for, and its log shown where it failed', async () => {
    expect((await check(['late'], systemd, ['/run'], '10s')).checks).toEqual(['service late']);
    expect((await check(['broken'], systemd, ['/run'])).output).toBe('broken[1]: cannot bind');
  });

  test('is asked for of OpenRC', async () => {
    const files: Files = {
      '/run/openrc/softlevel': '',
      'bin/rc-service': '#!/bin/sh\ncase "$*" in "-q -e sshd"|"-q -e crond"|"sshd status") exit 0;; *) exit 3;; esac\n',
      'bin/rc-update': '#!/bin/sh\necho "                 sshd |      default"\n',
    };
    const services = [{ name: 'sshd', enabled: true }, { name: 'crond', enabled: false }, 'gone'];
    expect((await check(services, files, ['/run'])).checks).toEqual([
      'service sshd',
      'service crond: does not run: inactive',
      'service gone: is not known to OpenRC',
    ]);
  });

  test('is asked for of its init script', async () => {
    const files: Files = {
      '/etc/init.d/good': '#!/bin/sh\nexit 0\n',
      '/etc/init.d/bad': '#!/bin/sh\nexit 3\n',
      '/etc/rc2.d/S01good': '',
    };
    const services = [{ name: 'good', enabled: true }, { name: 'bad', running: false, enabled: false }, 'bad'];
    const { checks } = await check(services, files, ['/run', '/etc/init.d', '/etc/rc2.d', '/etc/rc3.d'], '0s');
    expect(checks.slice(0, 2)).toEqual(['service good', 'service bad']);
    expect(checks[2]).toMatch(/^service bad: does not run: inactive/);
  });

  test('cannot be asked for where nothing manages services, and that is said at once', async () => {
    const { checks } = await check(['web', { name: 'web', running: false }], {}, ['/run', '/etc/init.d'], '10m');
    expect(checks).toEqual([
      'service web: cannot be looked at: the machine runs neither systemd nor OpenRC, and has no /etc/init.d/web; ' +
        'check its port, or a command, instead',
      'service web',
    ]);
  });
});
