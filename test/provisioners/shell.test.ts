import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError } from '../../lib/errors';
import type { Communicator } from '../../lib/extension';
import { shell, type ShellConfig } from '../../lib/provisioners/shell';
import {
  isRunning,
  provisionContext,
  scriptedMachine,
  temporaryFolder,
  thisMachine,
  virtualClock,
  type TestContext,
} from './support';

const folder = temporaryFolder();
const remoteFolder = path.join(folder, 'remote');
fs.mkdirSync(remoteFolder);

async function run(
  config: ShellConfig,
  changes: Partial<TestContext> = {},
  machine: Communicator = thisMachine(folder),
): Promise<string> {
  const ctx = provisionContext(folder, changes);
  await shell.run({ remoteFolder, ...config }, machine, ctx);
  return ctx.printed();
}

async function failure(config: ShellConfig, machine?: Communicator): Promise<GoldsmithError> {
  const error: unknown = await run(config, {}, machine).catch((thrown: unknown) => thrown);
  if (!GoldsmithError.is(error)) throw new Error(`expected a failure, got ${String(error)}`);
  return error;
}

function script(name: string, content: string | Buffer): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  return file;
}

/** An interpreter that is there wherever the tests run. */
const NODE = `#!${process.execPath}`;

afterEach(() => expect(fs.readdirSync(remoteFolder)).toEqual([]));

describe('what a script may be', () => {
  test('inline commands run in one shell, which stops at the first that fails', async () => {
    const ctx = provisionContext(folder);
    const step = shell.run(
      { inline: ['a=1', 'echo a=$a', 'false', 'echo never'], remoteFolder },
      thisMachine(folder),
      ctx,
    );
    await expect(step).rejects.toThrow('ended with exit status 1');
    expect(ctx.printed()).toBe('a=1\n');
  });

  test.each([
    ['node', NODE, 'console.log("js", process.argv.length)', 'js 2\n'],
    ['node with an argument', `${NODE} --no-warnings`, 'console.log(process.execArgv)', "[ '--no-warnings' ]\n"],
    ['bash', '#! /bin/bash', '[[ x == x ]] && echo bash', 'bash\n'],
    ['env -S', '#!/usr/bin/env -S sh -e', 'false; echo after', undefined],
  ])('a first line of its own is kept: %s', async (_name, first, command, printed) => {
    if (printed === undefined) expect((await failure({ inline: [first, command] })).code).toBe('STEP_FAILED');
    else expect(await run({ inline: [first, command] })).toBe(printed);
  });

  test('inlineShebang names the interpreter', async () => {
    expect(await run({ inline: ['console.log(6 * 7)'], inlineShebang: process.execPath })).toBe('42\n');
  });

  test('a script without a first line is for /bin/sh', async () => {
    expect(await run({ script: script('plain.sh', 'echo plain $0 | sed s,/.*/,,') })).toMatch(
      /^plain goldsmith-[0-9a-f]{16}\.sh\n$/,
    );
  });

  test('a program in machine code runs as it is', async () => {
    expect(await run({ script: '/bin/true', binary: true })).toBe('');
    expect((await failure({ script: '/bin/false', binary: true })).message).toContain(
      'the script false ended with exit status 1',
    );
  });

  test('several scripts run in order, each on its own', async () => {
    const scripts = [script('one.sh', 'x=1; echo one'), script('two.sh', 'echo two ${x:-unset}')];
    const ctx = provisionContext(folder);
    await shell.run({ scripts, remoteFolder }, thisMachine(folder), ctx);
    expect(ctx.printed()).toBe('one\ntwo unset\n');
    expect(ctx.said).toEqual(['running one.sh', 'running two.sh']);
  });
});

describe('scripts that try to break out of their frame', () => {
  const hostile = [
    ['no line end at its end', 'printf end'],
    ['dollars, backticks, quotes', `echo '$HOME' \\$x "\`echo inner\`" '"' "'"`],
    ['unicode', 'echo "größer 日本語 🙂"'],
    ['lines that look like ends', 'cat <<EOF\nEOF2\n--0123\nEOF\necho done'],
    ['a script that is only a comment', '# nothing'],
    ['backslashes at line ends', 'echo a \\\n  b\\\\'],
    ['percent signs', "printf '%s%%\\n' 10"],
  ];
  test.each(hostile)('%s', async (_name, text) => {
    const expected = execFileSync('/bin/sh', ['-c', text], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder },
    });
    expect(await run({ script: script('hostile.sh', text) })).toBe(expected);
  });

  test('a script of a megabyte', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `: '${index} ${'x'.repeat(45)}'`);
    expect(await run({ inline: [...lines, 'echo end'] })).toBe('end\n');
  });

  test('NUL bytes and lone carriage returns pass unchanged where the script is binary', async () => {
    const bytes = Buffer.concat([
      Buffer.from('#!/bin/sh\ntail -c 6 "$0" | od -An -tx1\nexit 0\n'),
      Buffer.from([0, 13, 10, 255, 13, 0]),
    ]);
    expect((await run({ script: script('nul.sh', bytes), binary: true })).trim()).toBe('00 0d 0a ff 0d 00');
  });

  test('CRLF becomes LF, unless the script is binary', async () => {
    const file = script('crlf.sh', '#!/bin/sh -e\r\necho one\r\necho two\r\n');
    expect(await run({ script: file })).toBe('one\ntwo\n');
    expect(await run({ script: file, binary: true })).toBe('one\r\ntwo\r\n');
    expect(await run({ inline: ['echo a\r\necho b'] })).toBe('a\nb\n');
  });

  test('a script that reads its standard input finds nothing there', async () => {
    expect(await run({ inline: ['cat; read -r line || echo "read: $line."', 'echo after'] })).toBe('read: .\nafter\n');
  });

  test('a script that ends its shell or replaces it is cleaned up all the same', async () => {
    await run({ inline: ['exec /bin/true'] });
    expect((await failure({ inline: ['trap "" TERM', 'kill -9 $$'] })).message).toContain('exit status 137');
  });
});

describe('the environment', () => {
  test("has Packer's names, ours, and what the user sets; `env` wins over `environmentVars`", async () => {
    const printed = await run({
      environmentVars: ['A=1', 'B=x=y', 'C=list'],
      env: { C: 'map', PACKER_BUILD_NAME: 'mine' },
      inline: ['echo "$PACKER_BUILD_NAME $PACKER_BUILDER_TYPE $GOLDSMITH_BUILD $A $B $C"'],
    });
    expect(printed).toBe('mine null Web/Null 1 x=y map\n');
  });

  test.each([["it's"], ['two\nlines\n'], ['`id` $(id) $HOME "q" \\'], [''], ['--0123 end'], ['ümlaut']])(
    'a value arrives unchanged: %j',
    async (value) => {
      const printed = await run({
        env: { V: value },
        inline: [NODE, 'console.log(JSON.stringify(process.env.V))'],
      });
      expect(JSON.parse(printed)).toBe(value);
    },
  );

  test('the frame leaves nothing of its own behind, and does not touch what the machine exports', async () => {
    const printed = await run({ inline: ['env | grep -c "^gs_" || true'] });
    expect(printed).toBe('0\n');
  });

  test('neither secrets nor the script show in the list of processes while it runs', async () => {
    const inline = [
      'for f in /proc/[0-9]*/cmdline; do (tr "\\000" " " <"$f") 2>/dev/null || true; echo; done',
      ': marker-in-script',
    ];
    const printed = await run({ env: { TOKEN: 'hunter2-s3cret' }, inline });
    expect(printed).toContain('gs_f=');
    expect(printed).not.toContain('hunter2-s3cret');
    expect(printed).not.toContain('marker-in-script');
  });

  test('a name that no shell can hold is refused', () => {
    expect(shell.schema.safeParse({ inline: ['x'], env: { 'a-b': '1' } }).error?.issues[0]?.message).toContain('"a-b"');
    expect(
      shell.schema.safeParse({ inline: ['x'], environmentVars: ['noequals'] }).error?.issues[0]?.message,
    ).toContain('NAME=value');
  });
});

describe("Packer's way of running a script", () => {
  test('executeCommand gets path and variables', async () => {
    const printed = await run({
      executeCommand: "env {{ .Vars }} FROM=template /bin/sh -e '{{.Path}}' argument",
      env: { A: "it's" },
      inline: ['echo "$A $FROM $1"'],
    });
    expect(printed).toBe("it's template argument\n");
  });

  test('useEnvVarFile puts the variables into a file that only its owner can read', async () => {
    const printed = await run({
      useEnvVarFile: true,
      executeCommand: 'stat -c %a {{.EnvVarFile}}; . {{.EnvVarFile}} && /bin/sh {{.Path}}',
      env: { A: 'from file\nsecond line' },
      inline: ['echo "$A"'],
    });
    expect(printed).toBe('600\nfrom file\nsecond line\n');
  });

  test('the default with a file is to read it first', async () => {
    expect(await run({ useEnvVarFile: true, env: { A: 'x' }, inline: ['echo $A'] })).toBe('x\n');
  });

  test('envVarFormat says how each variable reads', async () => {
    expect(await run({ envVarFormat: "%s='<%s>' ", env: { A: 'x' }, inline: ['echo $A'] })).toBe('<x>\n');
    expect(shell.schema.safeParse({ inline: ['x'], envVarFormat: '%s' }).success).toBe(false);
  });

  test('facts of the machine may stand in it, and what is not known is refused', async () => {
    expect(
      await run({ executeCommand: 'echo {{.User}} {{ build `ConnType` }}; sh {{.Path}}', inline: ['echo x'] }),
    ).toContain(' local\nx\n');
    const error = await failure({ executeCommand: '{{.Nonsense}}', inline: ['x'] });
    expect(error.message).toContain('{{.Nonsense}}');
    expect(error.hint).toContain('{{.Path}}');
  });

  test('remotePath, remoteFile and skipClean', async () => {
    const remotePath = path.join(folder, 'kept.sh');
    await run({ inline: ['echo $0'], remotePath, skipClean: true });
    expect(fs.readFileSync(remotePath, 'utf8')).toBe('#!/bin/sh -e\necho $0\n');
    expect(await run({ inline: ['echo again $0'], remotePath })).toBe(`again ${remotePath}\n`);
    expect(fs.existsSync(remotePath)).toBe(false);
    expect(await run({ inline: ['echo $0'], remoteFile: 'named.sh' })).toBe(`${remoteFolder}/named.sh\n`);
  });
});

describe('how it ends', () => {
  test('other exit statuses may be allowed', async () => {
    await run({ inline: ['exit 3'], validExitCodes: [0, 3] });
    expect((await failure({ inline: ['exit 4'], validExitCodes: [0, 3] })).message).toBe(
      '`exit 4` ended with exit status 4, but allowed are 0, 3',
    );
  });

  test('the error has the last lines, and names the command where the shell does', async () => {
    const error = await failure({
      inline: ['for i in $(seq 100); do echo line $i; done', 'nonexistent-command --x', 'echo never'],
    });
    expect(error.code).toBe('STEP_FAILED');
    expect(error.message).toBe('`nonexistent-command --x` ended with exit status 127');
    expect(error.hint).toContain('not found');
    expect(error.output?.split('\n')).toHaveLength(20);
    expect(error.output).toContain('line 100');
    expect((await failure({ inline: ['true', 'false'] })).message).toBe(
      'one of the 2 inline commands ended with exit status 1',
    );
    expect((await failure({ script: script('bad.sh', 'exit 9') })).message).toBe(
      'the script bad.sh ended with exit status 9',
    );
  });

  test('an interpreter that is not there', async () => {
    const error = await failure({ inline: ['#!/no/such/interpreter', 'x'] });
    expect(error.message).toContain('exit status 127');
    expect(error.output).toContain('/no/such/interpreter');
  });

  test('a folder that cannot take the script', async () => {
    const error = await failure({ inline: ['true'], remoteFolder: '/no/such/folder', validExitCodes: [0, 253] });
    expect(error.code).toBe('TRANSFER_FAILED');
    expect(error.hint).toContain('remoteFolder');
  });

  test('a lost connection is a failure, unless it is expected', async () => {
    const lost = { ended: 'disconnect' } as const;
    const error = await failure({ inline: ['reboot'] }, scriptedMachine(lost));
    expect(error.message).toBe('`reboot` lost its connection to the machine (exit status 2300218)');
    expect(error.hint).toContain('expectDisconnect');
    for (const config of [{ expectDisconnect: true }, { validExitCodes: [2300218] }]) {
      const machine = scriptedMachine(lost);
      await run({ inline: ['reboot'], ...config }, {}, machine);
      expect(machine.commands).toHaveLength(2);
      expect(machine.commands[1]).toMatch(/^rm -f \S+\.sh$/);
    }
  });

  test('a machine that does not answer yet is tried again, for startRetryTimeout at most', async () => {
    const away = new GoldsmithError('CONNECTION_LOST', 'no answer');
    const clock = virtualClock();
    await run({ inline: ['true'] }, { clock }, scriptedMachine(away, away, away));
    expect(clock.slept).toEqual([100, 200, 400]);
    const endless = scriptedMachine(...Array.from({ length: 500 }, () => away));
    await expect(
      run({ inline: ['true'], startRetryTimeout: '10s' }, { clock: virtualClock() }, endless),
    ).rejects.toThrow('no answer');
    expect(endless.commands.length).toBeLessThan(12);
  });

  test('pauseAfter waits on the clock', async () => {
    const clock = virtualClock();
    await run({ inline: ['true'], pauseAfter: '1h30m' }, { clock }, scriptedMachine());
    expect(clock.slept).toEqual([5_400_000]);
  });

  test('cancelling ends the script and all it started, and removes it', async () => {
    const controller = new AbortController();
    const marker = path.join(folder, 'pid');
    const step = run(
      { inline: [`sleep 600 & echo $! >${marker}`, 'echo started', 'wait'] },
      {
        signal: controller.signal,
        output: () => controller.abort(new Error('stop')),
      },
    );
    await expect(step).rejects.toThrow('stop');
    expect(isRunning(Number(fs.readFileSync(marker, 'utf8')))).toBe(false);
  });

  test('a machine with Windows is refused', async () => {
    const error = await failure({ inline: ['x'] }, { ...scriptedMachine(), guest: 'windows' });
    expect(error.message).toContain('Windows');
  });
});
