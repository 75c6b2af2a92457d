import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Image, Verification } from '../../../lib';
import { fakePlatform } from '../../../lib/testing';
import { verification, type VerificationConfig } from '../../../lib/provisioners/verification';
import { findGoss } from '../../../lib/provisioners/verification/goss-binary';
import { readGoss } from '../../../lib/provisioners/verification/goss-results';
import { build, testApp } from '../../helpers/lab';
import { describeIf } from '../../helpers/requires';
import { provisionContext, temporaryFolder, thisMachine, type TestContext } from '../support';

const folder = temporaryFolder();

/** Prints what goss 0.4.9 prints, in another order than it is written. */
const RESULTS = {
  results: [
    {
      'resource-type': 'File',
      'resource-id': '/etc/passwd',
      property: 'mode',
      successful: false,
      'summary-line': 'File: /etc/passwd: mode:\nExpected\n    "0644"\nto equal\n    "0600"',
      'summary-line-compact': 'File: /etc/passwd: mode: Expected "0644" to equal "0600"',
      title: 'nobody reads it',
    },
    { 'resource-type': 'Command', 'resource-id': 'true', property: 'exit-status', successful: true, skipped: true },
    { 'resource-type': 'File', 'resource-id': '/etc/passwd', property: 'exists', successful: true, skipped: false },
  ],
  summary: {},
};

/** A program with the header of one for this machine, which is none: a script cannot pass for one. */
function elf(machine: number, little = true): string {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 0, 'latin1');
  header[4] = 2;
  header[5] = little ? 1 : 2;
  if (little) header.writeUInt16LE(machine, 18);
  else header.writeUInt16BE(machine, 18);
  const file = path.join(folder, `goss-${machine}-${String(little)}`);
  fs.writeFileSync(file, header, { mode: 0o755 });
  return file;
}

test('each result of goss is a check', () => {
  expect(readGoss(JSON.stringify(RESULTS))).toEqual([
    { name: 'goss: Command true exit-status', state: 'skipped', wrong: [] },
    { name: 'goss: File /etc/passwd exists', state: 'passed', wrong: [] },
    {
      name: 'goss: File /etc/passwd mode (nobody reads it)',
      state: 'failed',
      wrong: ['Expected "0644" to equal "0600"'],
    },
  ]);
  const [old] = readGoss(JSON.stringify({ results: [{ ...RESULTS.results[0], 'summary-line-compact': undefined }] }))!;
  expect(old!.wrong).toEqual([
    'File: /etc/passwd: mode: Expected "0644" to equal "0600"'.replace('File: /etc/passwd: mode: ', ''),
  ]);
  expect(readGoss('Error: found 0 tests')).toBeUndefined();
  expect(readGoss('{}')).toBeUndefined();
});

test('the program is known by its header', async () => {
  const ctx = provisionContext(folder);
  expect((await findGoss(elf(62), ctx)).runsOn('x86_64')).toBe(true);
  expect((await findGoss(elf(62), ctx)).runsOn('aarch64')).toBe(false);
  expect((await findGoss(elf(183), ctx)).runsOn('aarch64')).toBe(true);
  expect((await findGoss(elf(22, false), ctx)).runsOn('s390x')).toBe(true);
  expect((await findGoss(elf(9999), ctx)).runsOn('anything')).toBe(true);
  await expect(findGoss('/etc/passwd', ctx)).rejects.toThrow('`gossBinary` is no program for Linux');
  const none = provisionContext(folder, { env: { PATH: '/nowhere' } });
  await expect(findGoss(undefined, none)).rejects.toMatchObject({ code: 'MISSING_DEPENDENCY' });
});

test('without the program nothing is launched', async () => {
  const app = testApp({ files: { 'goss.yaml': 'file: {}' } });
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake');
  new Verification(core, 'Works', { goss: 'goss.yaml' });
  const { node } = await build(app, { env: { PATH: '/nowhere' } });
  expect(node('Core/Fake').error).toMatchObject({
    code: 'MISSING_DEPENDENCY',
    path: 'Core/Works/Fake',
    message: expect.stringContaining('no program `goss` in PATH') as string,
  });
  expect(fake.count('launch')).toBe(0);
});

test('a program for another processor is not sent', async () => {
  const machine = { ...thisMachine(folder), uploadFile: () => Promise.reject(new Error('not to be called')) };
  const other = process.arch === 'arm64' ? 62 : 183;
  const ctx = provisionContext(folder);
  await verification
    .run({ goss: 'goss.yaml', gossBinary: elf(other) }, machine, ctx)
    .then(() => expect('this').toBe('not reached'))
    .catch(() => undefined);
  expect(ctx.checks[0]?.wrong[0]).toContain("for another processor than the machine's");
});

describe('a goss that is a script', () => {
  const script = path.join(folder, 'goss-script');
  const notes = path.join(folder, 'notes');
  const results = path.join(folder, 'results');

  async function check(lines: string, config: Partial<VerificationConfig> = {}): Promise<unknown> {
    fs.writeFileSync(script, `#!/bin/sh\necho "$PWD $*" >> ${notes}\n${lines}\n`, { mode: 0o755 });
    fs.writeFileSync(results, JSON.stringify(RESULTS));
    fs.rmSync(notes, { force: true });
    const file = path.join(folder, 'some.yaml');
    fs.writeFileSync(file, 'file: {}');
    const ctx = provisionContext(folder);
    return verification.run({ goss: file, gossBinary: script, within: '0s', ...config }, thisMachine(folder), ctx).then(
      () => ctx.checks.map(({ state }) => state),
      (error: unknown) => error,
    );
  }

  test('is sent with its files, run where they are, and taken away again', async () => {
    const vars = path.join(folder, 'vars.json');
    fs.writeFileSync(vars, '{}');
    const lines = `test -s goss.yaml && test -s vars.json && cat ${results}; exit 1`;
    expect(await check(lines, { gossVarsFile: vars })).toMatchObject({
      message: expect.stringContaining('1 of 3 checks failed: goss: File /etc/passwd mode') as string,
    });
    const [, where, how] = /^(\S+) (.*)\n$/.exec(fs.readFileSync(notes, 'utf8'))!;
    expect(how).toBe('-g goss.yaml --vars vars.json validate --format json --no-color');
    expect(fs.existsSync(where!)).toBe(false);
  });

  test('is asked again until all is well', async () => {
    const lines = `[ "$(wc -l < ${notes})" -lt 3 ] && exec cat ${results}; echo '{"results":[]}'`;
    expect(await check(lines, { within: '30s' })).toEqual([]);
    expect(fs.readFileSync(notes, 'utf8').trim().split('\n')).toHaveLength(3);
  });

  test('that prints no results fails, with its words', async () => {
    expect(await check('echo "Error: found 0 tests" >&2; exit 78')).toMatchObject({
      message: 'goss could not check anything',
      output: expect.stringContaining('found 0 tests') as string,
    });
  });
});

const goss = process.env['GOLDSMITH_GOSS'] ?? which('goss');
const reason = 'it needs goss, in PATH or where GOLDSMITH_GOSS says';

// Where there is no Go, it cannot be built: then the script above has to do.
if (goss !== undefined || which('go') !== undefined) describeIf(goss !== undefined, reason, 'goss itself', real);

function real(): void {
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
  };

  async function check(config: VerificationConfig): Promise<{ ctx: TestContext; error: unknown; checks: string[] }> {
    const ctx = provisionContext(folder);
    const error: unknown = await verification
      .run({ gossBinary: goss, within: '0s', ...config }, thisMachine(folder), ctx)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    const checks = ctx.checks.map(({ name, state, wrong }) => [`${state} ${name}`, ...wrong].join(': '));
    return { ctx, error, checks };
  }

  test('looks at the machine, and leaves nothing on it', async () => {
    const file = write(
      'goss.yaml',
      'file:\n  /etc/passwd:\n    exists: true\n    mode: "0600"\n  /nope:\n    exists: false\n',
    );
    const { checks, error } = await check({ goss: file });
    expect(checks).toEqual([
      'passed goss: File /etc/passwd exists',
      'failed goss: File /etc/passwd mode: Expected "0644" to equal "0600"',
      'passed goss: File /nope exists',
    ]);
    expect(error).toMatchObject({ message: expect.stringContaining('1 of 3 checks failed') as string });
    const left = execFileSync('sh', ['-c', 'ls -d /tmp/goldsmith-????????????????/goss 2>/dev/null || true'], {
      encoding: 'utf8',
    });
    expect(left).toBe('');
  });

  test('takes variables, and a folder of files', async () => {
    write('tests/goss.yaml', 'gossfile:\n  more.yaml: {}\n');
    write('tests/more.yaml', 'file:\n  {{ .Vars.path }}:\n    exists: true\n');
    const vars = write('vars.yaml', 'path: /etc/passwd\n');
    expect((await check({ goss: path.join(folder, 'tests'), gossVarsFile: vars })).checks).toEqual([
      'passed goss: File /etc/passwd exists',
    ]);
  });

  test('is asked again until all is well', async () => {
    const marker = path.join(folder, 'late');
    const file = write(
      'late.yaml',
      `command:\n  "test -e ${marker} || { touch ${marker}; exit 1; }":\n    exit-status: 0\n`,
    );
    expect((await check({ goss: file, within: '20s' })).error).toBeUndefined();
  });

  test('says what is wrong with its file', async () => {
    const { error } = await check({ goss: write('bad.yaml', 'bad: [') });
    expect(error).toMatchObject({
      code: 'VERIFICATION_FAILED',
      message: 'goss could not check anything',
      output: expect.stringContaining('yaml') as string,
    });
  });
}

function which(program: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
