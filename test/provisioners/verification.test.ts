import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError } from '../../lib/errors';
import { verification, type VerificationConfig } from '../../lib/provisioners/verification';
import { checkLine } from '../../lib/reporters/run-state';
import { provisionContext, temporaryFolder, thisMachine } from './support';

const folder = temporaryFolder();
const page = path.join(folder, 'index.html');
fs.writeFileSync(page, '<h1>it works</h1>\n', { mode: 0o640 });
fs.chmodSync(page, 0o640);
fs.symlinkSync('index.html', path.join(folder, 'link'));

async function check(config: VerificationConfig): Promise<{ checks: string[]; error: GoldsmithError | undefined }> {
  const ctx = provisionContext(folder);
  const error: unknown = await verification.run(config, thisMachine(folder), ctx).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined && !GoldsmithError.is(error)) throw error;
  return { checks: ctx.checks.map(checkLine), error };
}

test('all checks run, each is reported, and the error lists every one that failed', async () => {
  const { checks, error } = await check({
    commands: ['true', 'echo broken >&2; exit 3', { command: 'echo v1.2', stdout: 'v2', name: 'the version' }],
    files: [{ path: page }, { path: '/no/such/file' }],
  });
  expect(checks).toEqual([
    'ok      `true`',
    'failed  `echo broken >&2; exit 3`: exit status 3, expected 0',
    'failed  the version: standard output does not hold "v2"',
    `ok      the file ${page}`,
    'failed  the file /no/such/file: is not there',
  ]);
  expect(error?.code).toBe('VERIFICATION_FAILED');
  expect(error?.message).toContain('3 of 5 checks failed: `echo broken');
  expect(error?.message).toContain('the version: standard output does not hold "v2"');
  expect(error?.output).toContain('broken');
});

test.each<[string, NonNullable<VerificationConfig['commands']>[number]]>([
  ['another exit status', { command: 'exit 4', exitCode: 4 }],
  ['an expression over lines', { command: 'echo a; echo b1', stdout: '/^b\\d$/m' }],
  ['standard error', { command: 'echo oops >&2', stderr: 'oops' }],
  ['its own environment', { command: 'test "$PACKER_BUILD_NAME" = Null' }],
  ['an empty standard input', { command: 'test -z "$(cat)"' }],
  ['several lines', 'x=1\ntest $x = 1'],
])('a command may expect %s', async (_name, command) => {
  expect((await check({ commands: [command] })).error).toBeUndefined();
});

test('a command that reads secrets shows them in no list of processes', async () => {
  const { error } = await check({
    commands: [{ command: ': hunter2; grep -azl "hunter[2]" /proc/[0-9]*/cmdline || true', stdout: '/^$/' }],
    env: { TOKEN: 'hunter2' },
  });
  expect(error).toBeUndefined();
});

test.each<[NonNullable<VerificationConfig['files']>[number], string | undefined]>([
  [{ path: page, mode: '0640', type: 'file', owner: 'root', group: '0', contains: 'it works' }, undefined],
  [{ path: page, mode: '640', contains: '/<h1>.*<\\/h1>/' }, undefined],
  [{ path: page, mode: '0644' }, 'has mode 0640, expected 0644'],
  [{ path: page, owner: 'nobody' }, 'belongs to root, expected nobody'],
  [{ path: page, group: 'nogroup' }, 'has group root, expected nogroup'],
  [{ path: page, contains: 'nothing' }, 'its content does not hold "nothing"'],
  [{ path: page, type: 'directory' }, 'is no directory'],
  [{ path: folder, type: 'directory' }, undefined],
  [{ path: path.join(folder, 'link'), type: 'symlink' }, undefined],
  [{ path: path.join(folder, 'link'), type: 'file', contains: 'it works' }, undefined],
  [{ path: '/no/such', exists: false }, undefined],
  [{ path: page, exists: false }, 'is there, but must not be'],
])('the file check %j', async (entry, wrong) => {
  const { error } = await check({ files: [entry] });
  if (wrong === undefined) expect(error).toBeUndefined();
  else expect(error?.message).toContain(wrong);
});

test('a verification without a check, or with a broken expression, is refused', () => {
  expect(verification.schema.safeParse({}).error?.issues[0]?.message).toContain('needs a check');
  expect(
    verification.schema.safeParse({ commands: [{ command: 'x', stdout: '/(/' }] }).error?.issues[0]?.message,
  ).toContain('no valid regular expression');
  expect(verification.schema.safeParse({ files: [{ path: '/x', mode: 'rw' }] }).success).toBe(false);
  expect(verification.schema.safeParse({ ports: [70_000] }).success).toBe(false);
  expect(verification.schema.safeParse({ ports: [{ port: 1, address: 'localhost' }] }).success).toBe(false);
  expect(verification.schema.safeParse({ services: ['-x'] }).success).toBe(false);
  expect(verification.schema.safeParse({ commands: ['true'], gossVarsFile: 'x' }).error?.issues[0]?.message).toContain(
    'are for `goss`',
  );
  for (const one of [{ ports: [80] }, { services: ['x'] }, { noTemporaryKeys: true }, { uniqueIdentity: true }])
    expect(verification.schema.safeParse(one).success).toBe(true);
});
