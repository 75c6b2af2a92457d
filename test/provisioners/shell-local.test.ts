import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError } from '../../lib/errors';
import type { LocalScriptConfig } from '../../lib/provisioners/local-scripts';
import { shellLocal } from '../../lib/provisioners/shell-local';
import { isRunning, provisionContext, scriptedMachine, temporaryFolder, type TestContext } from './support';

const folder = temporaryFolder();

async function run(config: LocalScriptConfig, changes: Partial<TestContext> = {}): Promise<string> {
  const ctx = provisionContext(folder, changes);
  await shellLocal.run(config, scriptedMachine(), ctx);
  expect(fs.readdirSync(ctx.tempDir)).toEqual([]);
  return ctx.printed();
}

function script(name: string, content: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  return file;
}

test('runs here, in the project, with the variables of the build and those of this process', async () => {
  expect(
    await run(
      { command: 'pwd; echo "$PACKER_BUILDER_TYPE $GOLDSMITH_BUILD $FROM_HERE"' },
      { env: { PATH: process.env['PATH'], FROM_HERE: 'yes' } },
    ),
  ).toBe(`${folder}\nnull Web/Null yes\n`);
});

test('inline commands stop at the first that fails; scripts run by the interpreter that they name', async () => {
  await expect(run({ inline: ['true', 'no-such-command-here', 'echo never'] })).rejects.toThrow(
    '`no-such-command-here` ended with exit status 127',
  );
  expect(
    await run({ scripts: [script('a.js', `#!${process.execPath}\nconsole.log("js")`), script('b.sh', 'echo sh')] }),
  ).toBe('js\nsh\n');
});

test('values of variables arrive unchanged, and in no argument', async () => {
  const value = `it's\n"$x" \`y\``;
  const command = 'printf %s "$V" | od -An -tx1 | tr -d " \\n"; cat /proc/$$/cmdline | tr "\\000" " "';
  const printed = await run({ env: { V: value }, command });
  expect(printed.startsWith(Buffer.from(value).toString('hex'))).toBe(true);
  expect(printed).not.toContain("it's");
});

test('executeCommand as a list and as a command line, with variables and facts of the machine', async () => {
  const file = script('x.sh', 'echo "$A $1"');
  expect(
    await run({
      executeCommand: ['/bin/sh', '-c', '{{.Vars}} /bin/sh {{.Script}} {{.Host}}'],
      env: { A: "it's" },
      script: file,
    }),
  ).toBe("it's guest.test\n");
  expect(await run({ executeCommand: "/bin/sh {{.Script}} 'one two'", env: { A: '1' }, script: file })).toBe(
    '1 one two\n',
  );
});

test('other exit statuses, other endings, other first lines', async () => {
  await run({ command: 'exit 7', validExitCodes: [7] });
  expect(await run({ inline: ['echo $0'], tempfileExtension: '.xyz' })).toMatch(/\/script\.xyz\n$/);
  expect(await run({ inline: ['console.log(1 + 1)'], inlineShebang: process.execPath })).toBe('2\n');
});

test('is skipped on other systems', async () => {
  const ctx = provisionContext(folder);
  await shellLocal.run({ command: 'exit 1', onlyOn: ['windows', 'openbsd'] }, scriptedMachine(), ctx);
  expect(ctx.said).toEqual([`skipped: this is ${process.platform}, and it runs only on windows, openbsd`]);
});

test('what it starts ends with the run', async () => {
  const controller = new AbortController();
  const pids: number[] = [];
  const output = (text: string): void => {
    pids.push(Number(text));
    controller.abort(new Error('stop'));
  };
  await expect(run({ command: 'sleep 600 & echo $!; wait' }, { signal: controller.signal, output })).rejects.toThrow(
    'stop',
  );
  expect(isRunning(pids[0]!)).toBe(false);
});

test('a daemon that it leaves behind does not hold it up', async () => {
  const printed = await run({ command: 'setsid sleep 30 & echo $!' });
  process.kill(Number(printed), 'SIGKILL');
});

test.each([
  [{ command: 'a', inline: ['b'] }, 'exactly one of `command`, `inline`, `script`, `scripts`'],
  [{}, 'none is given'],
  [{ command: 'a', useLinuxPathing: true }, '`useLinuxPathing` goes with `script` or `scripts` only'],
  [{ command: 'a', onlyOn: ['beos'] }, 'Invalid option'],
])('%j is refused', (config, message) => {
  expect(shellLocal.schema.safeParse(config).error?.issues[0]?.message).toContain(message);
});

test('a program that is not there', async () => {
  const error: unknown = await run({ executeCommand: ['/no/such/program', '{{.Script}}'], command: 'x' }).catch(
    (thrown: unknown) => thrown,
  );
  expect(GoldsmithError.is(error) && error.message).toMatch(/could not be started: .*spawn \/no\/such\/program ENOENT/);
});
