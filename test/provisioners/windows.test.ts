import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  Image,
  PowershellProvisioner,
  Secret,
  ShellProvisioner,
  WindowsShellProvisioner,
  winrm,
  type Communicator,
  type WinrmProps,
} from 'goldsmith';
import { NullSource } from 'goldsmith/null';
import { powershell, windowsRestart, windowsShell, windowsUpdate } from '../../lib/provisioners';
import { WsmanServer } from '../communicators/winrm/helpers/wsman';
import { connect, targetOf, winrmContext } from '../communicators/winrm/machine';
import { build, failureOf, problemsOf, testApp } from '../helpers/lab';
import { scriptedMachine, temporaryFolder, thisMachine, type TestContext } from './support';

const folder = temporaryFolder();
let server: WsmanServer;
let machine: Communicator;
let ctx: TestContext;

beforeEach(async () => {
  server = await new WsmanServer({ downTime: 100 }).start();
  machine = await connect(targetOf(server));
  ctx = winrmContext();
});
afterEach(async () => {
  await machine.close();
  await server.stop();
});

const left = (): string[] => fs.readdirSync(path.join(server.machine.root, 'c/Windows/Temp'));
const started = (): string => server.lines.join('\n');

describe('powershell', () => {
  type Config = Parameters<typeof powershell.run>[0];
  const run = (config: Config): Promise<void> => powershell.run(config, machine, ctx);

  test('runs inline commands as one script in one round trip, with an environment that nobody sees', async () => {
    server.lines.length = 0;
    await run({
      inline: ['$ErrorActionPreference = "Stop"', 'Write-Output "$env:PACKER_BUILD_NAME $env:TOKEN"', "'é ü'"],
      env: { TOKEN: "it's ‘$x’ `n\nsecret" },
    });
    expect(ctx.printed()).toBe("Null it's ‘$x’ `n\nsecret\r\né ü\r\n");
    expect([server.lines.length, left()]).toEqual([1, []]);
    expect(started()).not.toContain('secret');
    expect(Buffer.from(/-EncodedCommand (\S+)/.exec(started())![1]!, 'base64').toString('utf16le')).not.toContain(
      'secret',
    );
  });

  test('runs scripts in their order, and ends as they do', async () => {
    fs.writeFileSync(path.join(folder, 'one.ps1'), '"one in $PSScriptRoot"\nsh -c "exit 0"\n');
    fs.writeFileSync(path.join(folder, 'two.ps1'), 'Write-Output two\nexit 7\n');
    const scripts = ['one.ps1', 'two.ps1'].map((name) => path.join(folder, name));
    const error = await failureOf(run({ scripts }));
    expect(error).toMatchObject({ code: 'STEP_FAILED', message: 'the script two.ps1 ended with exit status 7' });
    expect(ctx.printed()).toContain('one in C:/Windows/Temp');
    await run({ scripts, validExitCodes: [0, 7] });
    expect(left()).toEqual([]);
  });

  test("a program's exit code is the script's, and an error that nobody catches is 1", async () => {
    expect((await failureOf(run({ inline: ['sh -c "exit 9"'] }))).message).toContain('exit status 9');
    const error = await failureOf(run({ inline: ['throw "gone wrong"'] }));
    expect(error.message).toBe('`throw "gone wrong"` ended with exit status 1');
    expect(error.output).toMatch(/^gone wrong/);
    await run({ inline: ['try { throw "x" } catch { "caught: $_" }'] });
    expect(ctx.printed()).toContain('caught: x');
  });

  test('skipClean, remotePath, executionPolicy and usePwsh do what they say', async () => {
    await run({
      inline: ['1'],
      skipClean: true,
      remotePath: 'C:/Windows/Temp/mine.ps1',
      executionPolicy: 'remotesigned',
      usePwsh: true,
    });
    expect(fs.readFileSync(path.join(server.machine.root, 'c/Windows/Temp/mine.ps1'), 'utf8')).toBe('\ufeff1\r\n');
    expect(started()).toContain('pwsh -NoProfile -NonInteractive -ExecutionPolicy remotesigned -EncodedCommand');
    const nowhere = await failureOf(run({ inline: ['1'], remotePath: 'C:/No/where.ps1' }));
    expect(nowhere).toMatchObject({ code: 'TRANSFER_FAILED', hint: expect.stringContaining('`remotePath`') as string });
  });

  test("a command line of the user's runs a file, with the variables in another one, as in Packer", async () => {
    await run({
      inline: ['Write-Output "value: $env:QUOTED"; exit 3'],
      env: { QUOTED: 'a "b" $c' },
      executeCommand: 'powershell -executionpolicy bypass -Command ". {{.Vars}}; & {{.Path}}; exit $LASTEXITCODE"',
      validExitCodes: [3],
    });
    expect(ctx.printed()).toBe('value: a "b" $c\r\n');
    expect(left()).toEqual([]);
  });

  describe('elevated', () => {
    test('runs as another user by a task, shows what it prints as it comes, and ends as it did', async () => {
      server.machine.users.set('builder', 'pass ‘word’');
      await run({
        inline: ['"as $env:USERNAME with $env:TOKEN"', 'sh -c "echo raw; echo err 1>&2"', 'exit 5'],
        env: { TOKEN: 'secret' },
        elevatedUser: 'builder',
        elevatedPassword: 'pass ‘word’',
        validExitCodes: [5],
      });
      expect(ctx.printed()).toContain('as builder with secret\r\n');
      expect(ctx.printed()).toContain('raw\n');
      expect(server.machine.tasks).toMatchObject([{ user: 'builder', password: 'pass ‘word’', logon: 1 }]);
      expect(server.machine.tasks[0]!.xml).toContain('HighestAvailable');
      expect(`${started()}${server.machine.tasks[0]!.xml}`).not.toMatch(/secret|word/);
      expect(left()).toEqual([]);
    });

    test('a service account needs no password', async () => {
      await run({ inline: ['"as $env:USERNAME"'], elevatedUser: 'SYSTEM' });
      expect(server.machine.tasks).toMatchObject([{ user: 'SYSTEM', password: null, logon: 5 }]);
      expect(ctx.printed()).toContain('as SYSTEM');
    });

    test('a wrong password says so, and leaves nothing', async () => {
      const error = await failureOf(run({ inline: ['1'], elevatedUser: 'admin', elevatedPassword: 'wrong' }));
      expect(error.output).toContain('The user name or password is incorrect');
      expect(left()).toEqual([]);
    });

    test('one that is given up is stopped and removed', async () => {
      const stop = new AbortController();
      const waiting = winrmContext({ signal: stop.signal, output: () => stop.abort(new Error('enough')) });
      await expect(
        powershell.run({ inline: ['"begun"', 'Start-Sleep 30'], elevatedUser: 'SYSTEM' }, machine, waiting),
      ).rejects.toThrow('enough');
      expect(server.machine.schtasks).toEqual([
        expect.stringMatching(/^\/End \/TN goldsmith-/),
        expect.stringMatching(/^\/Delete \/F/),
      ]);
      expect(left()).toEqual([]);
    });

    test("a command line of the user's runs there, too", async () => {
      await run({
        inline: ['"$env:WHAT as $env:USERNAME"'],
        env: { WHAT: 'ran' },
        elevatedUser: 'SYSTEM',
        elevatedExecuteCommand: 'powershell -Command ". {{.Vars}}; & {{.Path}}; exit $LASTEXITCODE"',
      });
      expect(ctx.printed()).toContain('ran as SYSTEM');
    });
  });

  test('elsewhere than on Windows it needs pwsh, and is not elevated', async () => {
    const none = await failureOf(powershell.run({ inline: ['1'] }, scriptedMachine({ ended: 'exit', code: 1 }), ctx));
    expect(none).toMatchObject({ code: 'STEP_FAILED', message: expect.stringContaining('no `pwsh`') as string });
    const unix = scriptedMachine();
    await powershell.run({ inline: ['1'] }, unix, ctx);
    expect(unix.commands[1]).toMatch(/^pwsh -NoProfile -NonInteractive -EncodedCommand /);
    const elevated = await failureOf(powershell.run({ inline: ['1'], elevatedUser: 'root' }, scriptedMachine(), ctx));
    expect(elevated.message).toContain('task scheduler of Windows');
  });
});

describe('windows-shell', () => {
  test('runs a batch file with its environment in one round trip, its streams untouched', async () => {
    server.lines.length = 0;
    await windowsShell.run(
      {
        inline: [
          '@echo off',
          'set LOCAL=here',
          'echo %LOCAL% %TOKEN% %PACKER_BUILDER_TYPE%',
          'printf "raw\\303\\274"',
          'exit /b 6',
        ],
        env: { TOKEN: 'se&cret' },
        validExitCodes: [6],
      },
      machine,
      ctx,
    );
    expect(ctx.printed()).toBe('here se&cret null\r\nrawü');
    expect([server.lines.length, left()]).toEqual([1, []]);
    expect(started()).not.toContain('cret');
  });

  test('a failure says which, and with what', async () => {
    const error = await failureOf(windowsShell.run({ inline: ['echo before', 'exit 4'] }, machine, ctx));
    expect(error).toMatchObject({
      code: 'STEP_FAILED',
      output: 'before',
      message: expect.stringContaining('exit status 4') as string,
    });
  });

  test("a command line of the user's has the variables in it, as in Packer", async () => {
    await windowsShell.run(
      {
        inline: ['echo %A%'],
        env: { A: 'x' },
        executeCommand: '{{.Vars}}"{{.Path}}"',
        remotePath: 'c:/Windows/Temp/script.bat',
      },
      machine,
      ctx,
    );
    expect(ctx.printed()).toBe('x\r\n');
    expect(started()).toContain('set "A=x" && ');
    expect(left()).toEqual([]);
  });
});

describe('windows-restart', () => {
  test('goes on when the machine was booted at another time', async () => {
    const before = server.machine.bootTime;
    await windowsRestart.run({}, machine, ctx);
    expect([server.machine.restarts, server.machine.bootTime > before]).toEqual([1, true]);
    expect(started()).toContain('shutdown /r /f /t 0');
    expect(ctx.said.at(-1)).toMatch(/up again after/);
  });

  test('a machine that is restarting already is no failure, another exit code is', async () => {
    server.machine.restartCode = 5;
    const error = await failureOf(windowsRestart.run({}, machine, ctx));
    expect(error).toMatchObject({ code: 'STEP_FAILED', message: expect.stringContaining('exit status 5') as string });
    server.machine.restartCode = 1115;
    setTimeout(() => server.machine.restartSoon(), 300);
    await windowsRestart.run({}, machine, ctx);
  });

  test('the registry is waited for, and a command that must succeed', async () => {
    const key = 'HKLM:\\SOFTWARE\\Acme\\Busy';
    server.machine.registry.add(key.toLowerCase());
    const late = await failureOf(
      windowsRestart.run({ checkRegistry: true, registryKeys: [key], restartTimeout: '2s' }, machine, ctx),
    );
    expect(late).toMatchObject({ code: 'STEP_TIMEOUT', message: expect.stringContaining(key) as string });
    setTimeout(() => server.machine.registry.clear(), 1500);
    await windowsRestart.run(
      {
        checkRegistry: true,
        registryKeys: [key],
        restartCheckCommand: 'echo restarted',
        restartCommand: 'shutdown /r /t 1',
      },
      machine,
      ctx,
    );
    expect(started()).toContain('echo restarted');
  });
});

describe('windows-update', () => {
  test('installs and restarts until nothing is left, as SYSTEM', async () => {
    server.machine.updates.push(
      { Title: 'Servicing stack', needsRestart: true },
      { Title: 'Security fix', failures: 1 },
      { Title: 'Preview of something' },
    );
    await windowsUpdate.run({ filters: ["exclude:$_.Title -like '*Preview*'", 'include:$true'] }, machine, ctx);
    expect(server.machine.updates.map(({ installed = false }) => installed)).toEqual([true, true, false]);
    expect(server.machine.restarts).toBe(2);
    expect(server.machine.tasks.every(({ user }) => user === 'SYSTEM')).toBe(true);
    expect(ctx.printed()).toMatch(/left out: Preview[^]*not installed: Security fix[^]*no updates are left/);
  });

  test('so many at a time, and those of the search only', async () => {
    for (const n of [1, 2, 3]) server.machine.updates.push({ Title: `U${n}`, criteria: 'IsInstalled=0' });
    server.machine.updates.push({ Title: 'driver', criteria: 'other' });
    await windowsUpdate.run({ searchCriteria: 'IsInstalled=0', updateLimit: 2 }, machine, ctx);
    expect([server.machine.restarts, server.machine.updates.filter(({ installed }) => installed).length]).toEqual([
      2, 3,
    ]);
  });

  test('what can never be installed ends it', async () => {
    server.machine.updates.push({ Title: 'Broken', failures: 100 });
    const error = await failureOf(windowsUpdate.run({ updateMaxRetries: 2 }, machine, ctx));
    expect(error).toMatchObject({ code: 'STEP_FAILED', message: 'no update could be installed in 2 tries' });
    expect(error.output).toContain('not installed: Broken');
  });
});

test.each([
  ['windows-shell', () => windowsShell.run({ inline: ['x'] }, thisMachine(folder), ctx)],
  ['windows-restart', () => windowsRestart.run({}, thisMachine(folder), ctx)],
  ['windows-update', () => windowsUpdate.run({}, thisMachine(folder), ctx)],
])('%s refuses a machine that is not Windows', async (name, run) => {
  expect(await failureOf(run())).toMatchObject({
    code: 'STEP_FAILED',
    message: expect.stringContaining(`the ${name} provisioner needs Windows`) as string,
  });
});

describe('a program', () => {
  function program(props: WinrmProps = {}) {
    const app = testApp();
    const image = new Image(app, 'Web');
    new NullSource(image, 'Host', { communicator: winrm({ ...targetOf(server), ...props } as WinrmProps) });
    return { app, image };
  }

  test('provisions a Windows machine that is there already, by the Null platform', async () => {
    const { app, image } = program();
    new PowershellProvisioner(image, 'Ps', { inline: ['"from $env:PACKER_BUILD_NAME"'], elevatedUser: 'SYSTEM' });
    new WindowsShellProvisioner(image, 'Bat', { inline: ['@echo off', 'echo done'] });
    const ran = await build(app);
    expect(ran.report.status).toBe('succeeded');
    expect(ran.output).toBe('from Host\r\ndone\r\n');
  });

  test('a shell step on Windows says what to do', async () => {
    const { app, image } = program();
    new ShellProvisioner(image, 'Sh', { inline: ['true'] });
    expect((await build(app)).node('Web/Host').error?.message).toContain('needs a POSIX shell');
  });

  test('a password is a reference in the plan', () => {
    const { app } = program({ password: Secret.fromEnv('PW') });
    expect(JSON.stringify(app.synth())).toContain('"$secret"');
  });

  const wrong: [string, WinrmProps, RegExp][] = [
    ['no host', { host: undefined } as never, /needs `host`/],
    ['nothing to log in with', { password: undefined } as never, /needs `password`/],
    ['Basic over HTTP that was not said', { transport: 'basic' }, /`allowUnencrypted: true`/],
    ['a certificate without HTTPS', { transport: 'certificate', certificateFile: 'c', keyFile: 'k' }, /`useSsl: true`/],
    ['a certificate without its key', { transport: 'certificate', certificateFile: 'c', useSsl: true }, /`keyFile`/],
    ['insecure HTTP', { insecure: true }, /is about certificates/],
    ['two ways to trust', { useSsl: true, insecure: true, caFile: 'c' }, /at most one of/],
    ['a fingerprint that is none', { useSsl: true, fingerprint: 'AB:CD' }, /SHA-256 fingerprint/],
    ['an unknown prop', { hots: 'x' } as WinrmProps, /hots/],
  ];
  test.each(wrong)('%s is refused at synth', (_what, props, message) => {
    const { app } = program(props);
    expect(
      problemsOf(app)
        .map((problem) => problem.message)
        .join('\n'),
    ).toMatch(message);
  });

  test('a password without its user, and a filter that is none, are refused at synth', () => {
    const { app, image } = program();
    new PowershellProvisioner(image, 'Ps', { inline: ['1'], elevatedPassword: 'x' });
    expect(problemsOf(app)[0]?.message).toContain('`elevatedPassword` needs `elevatedUser`');
  });
});
