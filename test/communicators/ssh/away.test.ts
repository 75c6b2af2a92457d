import * as fs from 'node:fs';
import * as path from 'node:path';
import { Image, ShellProvisioner, ssh, type ShellProvisionerProps } from 'goldsmith';
import { NullSource } from 'goldsmith/null';
import { recover } from '../../../lib/engine';
import { systemClock } from '../../../lib/engine/clock';
import { RebootProvisioner } from '../../../lib/provisioners';
import { build, failureOf, testApp, type Ran } from '../../helpers/lab';
import { describeIf } from '../../helpers/requires';
import { temporaryFolder } from '../../provisioners/support';
import { connect, run, sshContext, targetOf } from './machine';
import { HAS_NAMESPACES, NO_NAMESPACES, startOwnMachine, type OwnMachine } from './own-machine';

describeIf(HAS_NAMESPACES, NO_NAMESPACES, 'a machine that goes away', () => {
  const folder = temporaryFolder();
  let guest: OwnMachine;
  beforeEach(async () => {
    guest = await startOwnMachine([`SetEnv HOME=${folder}`]);
  });
  afterEach(() => guest.stop());

  const askBootId = 'cat /proc/sys/kernel/random/boot_id';
  /** What takes the machine down from within: all its processes end at once. */
  const goDown = 'kill 1; sleep 60';

  /** An app with one image of these steps; what happens is told. */
  function app(...steps: readonly (ShellProvisionerProps | 'reboot')[]) {
    const lab = testApp();
    const image = new Image(lab, 'Web');
    new NullSource(image, 'Host', {
      communicator: ssh({
        host: guest.host,
        port: guest.port,
        username: 'root',
        privateKeyFile: guest.userKey,
        hostKey: 'insecure',
        keepAliveInterval: '1s',
        timeout: '60s',
      }),
    });
    steps.forEach((step, n) =>
      step === 'reboot'
        ? new RebootProvisioner(image, `Step${n}`, { command: 'kill 1' })
        : new ShellProvisioner(image, `Step${n}`, step),
    );
    return lab;
  }

  async function noneLeft(lab: ReturnType<typeof testApp>): Promise<void> {
    expect(await recover({ projectDir: lab.baseDir })).toMatchObject({ left: [], destroyed: [], damaged: 0 });
  }

  /** Milliseconds that a step took. */
  function timeOf({ events }: Ran, step: string): number {
    const [start, end] = events.filter((event) => 'step' in event && event.step === step && /^step-/.test(event.type));
    return end!.time - start!.time;
  }

  test('the cable is pulled in mid-command: keepalive finds out, and it is no exit; the next command connects anew', async () => {
    const machine = await connect(targetOf(guest, { keepAliveInterval: '1s', timeout: '20s' }));
    let unplugged = 0;
    const cut = await run(machine, 'echo begun; exec sleep 60', {
      onOutput: () => {
        unplugged = Date.now();
        guest.unplug();
      },
    });
    expect(cut.result).toEqual({ ended: 'disconnect' });
    // Three answers that do not come, a second apart.
    expect(Date.now() - unplugged).toBeGreaterThan(2000);
    expect(Date.now() - unplugged).toBeLessThan(9000);
    guest.plug();
    expect((await run(machine, 'echo again')).stdout).toBe('again\n');
  }, 40_000);

  test('the cable is pulled in mid-upload: nothing of it has the final name', async () => {
    const machine = await connect(targetOf(guest, { keepAliveInterval: '1s', timeout: '20s' }));
    fs.writeFileSync(path.join(folder, 'large'), Buffer.alloc(80_000_000, 'large'));
    const target = path.join(folder, 'arrived');
    const signal = new AbortController().signal;
    let unplugged = false;
    const onProgress = ({ current }: { current: number }): void => {
      if (!unplugged && current > 10e6) guest.unplug();
      unplugged ||= current > 10e6;
    };
    const error = await failureOf(machine.uploadFile(path.join(folder, 'large'), target, { signal, onProgress }));
    expect(error.code).toBe('CONNECTION_LOST');
    expect(fs.existsSync(target)).toBe(false);
    guest.plug();
    await machine.uploadFile(path.join(folder, 'large'), target, { signal });
    expect(fs.statSync(target).size).toBe(80_000_000);
    expect(fs.readdirSync(folder).filter((name) => name.includes('goldsmith-'))).toEqual([]);
  }, 40_000);

  test('a step whose connection is cut fails as that, and nothing is left to recover', async () => {
    const lab = app({ inline: ['echo begun', 'sleep 60'] });
    const ran = await build(lab, { onEvent: (event) => event.type === 'output' && guest.unplug() });
    expect(ran.node('Web/Host').error).toMatchObject({
      code: 'STEP_FAILED',
      message: expect.stringContaining('lost its connection to the machine (exit status 2300218)') as string,
    });
    expect(timeOf(ran, 'Web/Step0')).toBeLessThan(12_000);
    await noneLeft(lab);
  }, 40_000);

  test('a machine that restarts in mid-step fails the step, where nobody expects that', async () => {
    const before = guest.bootId();
    void guest.boot();
    const lab = app({ inline: [goDown] });
    const { node } = await build(lab);
    expect(node('Web/Host').error).toMatchObject({
      code: 'STEP_FAILED',
      hint: expect.stringContaining('`expectDisconnect: true`') as string,
    });
    await noneLeft(lab);
    expect((await run(await connect(targetOf(guest)), askBootId)).stdout.trim()).not.toBe(before);
  }, 40_000);

  test('where it is expected, the next step runs on the machine as it comes back', async () => {
    const before = guest.bootId();
    void guest.boot();
    const script = path.join(folder, 'goldsmith-script.sh');
    const first = { inline: [goDown], expectDisconnect: true, remotePath: script };
    const ran = await build(app(first, { inline: [askBootId] }));
    expect(ran.report.status).toBe('succeeded');
    expect(ran.output.trim()).toBe(guest.bootId());
    expect(guest.bootId()).not.toBe(before);
    expect(fs.existsSync(script)).toBe(false);
  }, 40_000);

  test("Packer's number for it among the valid exit codes does the same, and others are told from it", async () => {
    void guest.boot();
    const ran = await build(
      app({ inline: [goDown], validExitCodes: [2300218] }, { inline: ['exit 3'], validExitCodes: [0, 3] }),
    );
    expect(ran.report.status).toBe('succeeded');
    const other = await build(app({ inline: ['exit 4'], validExitCodes: [0, 3] }));
    expect(other.node('Web/Host').error?.message).toMatch(/exit status 4, but allowed are 0, 3/);
    const killed = await build(app({ inline: ['kill -KILL $PPID; sleep 60'], expectDisconnect: true }));
    expect(killed.node('Web/Host').error?.message).toMatch(/was ended by SIGKILL/);
  }, 40_000);

  test('a step waits for the machine no longer than `startRetryTimeout`, whatever the time for connecting', async () => {
    const last = { inline: ['true'], startRetryTimeout: '2s' };
    // The rest of the first one may take its five minutes, so it must not be needed.
    const ran = await build(app({ inline: [goDown], expectDisconnect: true, skipClean: true }, last));
    expect(ran.node('Web/Host').error).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/as far as the TCP connection .*its time is up/) as string,
    });
    expect(timeOf(ran, 'Web/Step1')).toBeLessThan(8000);
  }, 40_000);

  test('the reboot step goes on with another boot id, and its time is its own', async () => {
    const before = guest.bootId();
    void guest.boot();
    const ran = await build(app('reboot', { inline: [askBootId] }));
    expect(ran.node('Web/Host').error).toBeUndefined();
    expect(ran.output.trim().split('\n').pop()).toBe(guest.bootId());
    expect(guest.bootId()).not.toBe(before);
  }, 40_000);

  test('a machine that fell silent is not asked twice: the command waits for it', async () => {
    let later = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + later };
    const ctx = sshContext({ clock, say: () => guest.plug() });
    const machine = await connect(targetOf(guest, { keepAliveInterval: '1s', timeout: '20s' }), ctx);
    expect((await run(machine, 'echo here')).stdout).toBe('here\n');
    guest.unplug();
    // Where it answers slowly a shell waits for the command, and gets it if the machine was heard of just now.
    later = 3000;
    expect((await run(machine, 'echo there')).stdout).toBe('there\n');
  }, 40_000);
});
