import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { doctorJson, doctorLines, isHealthy, runProbes, type Probe } from '../../lib/cli/doctor';
import { machineProbes, type ProbeMachine } from '../../lib/cli/doctor-probes';
import { createTheme } from '../../lib/reporters/theme';

const plain = createTheme(false);
const probes: Probe[] = [
  { name: 'node', probe: () => Promise.resolve({ ok: true, detail: 'v20.19.0' }) },
  {
    name: 'state folder',
    probe: () => Promise.resolve({ ok: false, detail: '/state cannot be written', fix: 'choose another' }),
  },
  {
    name: 'docker',
    group: 'platforms',
    optional: true,
    probe: () => Promise.resolve({ ok: false, detail: 'no engine at\n/var/run/docker.sock', fix: 'start it' }),
  },
  {
    name: 'sandbox',
    group: 'platforms',
    optional: true,
    probe: () => Promise.reject(new Error('no such system call')),
  },
];

test('the findings are a table in groups, with what to do below what is missing', async () => {
  const findings = await runProbes(probes);
  expect(doctorLines(findings, plain)).toEqual([
    'this machine',
    '  ✔  node          v20.19.0',
    '  ✘  state folder  /state cannot be written',
    '                   fix: choose another',
    '',
    'platforms',
    expect.stringMatching(/^ {2}- {2}docker {8}no engine at/),
    '                   fix: start it',
    '  -  sandbox       no such system call',
    '',
    '1 of 4 checks failed (2 optional missing)',
  ]);
  expect(isHealthy(findings)).toBe(false);
  const narrow = doctorLines(findings, plain, 30).filter((line) => /^ {2}[✔✘-]/.test(line));
  expect(narrow.map(({ length }) => length)).toEqual([27, 30, 30, 30]);
});

test('what is missing but optional leaves the machine healthy', async () => {
  const findings = await runProbes(probes.filter(({ name }) => name !== 'state folder'));
  expect(isHealthy(findings)).toBe(true);
  expect(doctorLines(findings, plain).at(-1)).toBe('ready (2 optional missing)');
});

test('the findings for other programs are versioned JSON', async () => {
  expect(JSON.parse(doctorJson(await runProbes(probes.slice(0, 2))))).toEqual({
    v: 1,
    ok: false,
    probes: [
      { name: 'node', group: 'this machine', optional: false, ok: true, detail: 'v20.19.0' },
      {
        name: 'state folder',
        group: 'this machine',
        optional: false,
        ok: false,
        detail: '/state cannot be written',
        fix: 'choose another',
      },
    ],
  });
});

test('a probe that never answers is given up, and told so', async () => {
  let aborted = false;
  const stuck: Probe = {
    name: 'stuck',
    probe: (signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))),
  };
  expect(await runProbes([stuck], 20)).toEqual([
    expect.objectContaining({ ok: false, detail: 'no answer within 0.02 s' }),
  ]);
  expect(aborted).toBe(true);
});

describe('the probes of this machine', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-doctor-'));
  afterAll(() => fs.rmSync(dir, { recursive: true }));
  const look = (machine: Partial<ProbeMachine> = {}) =>
    runProbes(
      machineProbes({
        nodeVersion: 'v20.19.0',
        env: process.env,
        projectDir: dir,
        stateDir: path.join(dir, 'a/b'),
        ...machine,
      }),
    );

  test.each([
    ['v20.18.3', false],
    ['v20.19.0', true],
    ['v20.20.1', true],
    ['v18.20.0', false],
    ['v24.0.0', true],
  ])('Node %s is new enough: %s', async (nodeVersion, ok) => {
    const findings = await look({ nodeVersion });
    expect(findings.find(({ name }) => name === 'node')?.ok).toBe(ok);
  });

  test('look at folders without making them', async () => {
    const findings = await look();
    expect(findings.find(({ name }) => name === 'state folder')).toMatchObject({
      ok: true,
      detail: `${dir}/a/b (not there yet)`,
    });
    expect(findings.find(({ name }) => name === 'project folder')).toMatchObject({ ok: true, detail: dir });
    expect(findings.find(({ name }) => name === 'free disk space')?.detail).toMatch(/ [kMGT]B at /);
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  test('find no tool where PATH is empty, and say what it is for', async () => {
    const findings = await look({ env: { PATH: dir } });
    const tools = findings.filter(({ group }) => group === 'optional tools');
    expect(tools.map(({ name, ok }) => [name, ok])).toEqual([
      ['git', false],
      ['zstd', false],
      ['lz4', false],
      ['bzip2', false],
      ['mmdebstrap', false],
    ]);
    expect(tools[1]).toMatchObject({
      optional: true,
      detail: expect.stringContaining('to compress with zstd'),
      fix: expect.stringContaining('install zstd'),
    });
  });

  test('say the version of a tool that is there, even of one that reads its input or fails', async () => {
    const bin = path.join(dir, 'bin');
    fs.mkdirSync(bin);
    fs.writeFileSync(path.join(bin, 'zstd'), '#!/bin/sh\ncat\necho "zstd 1.5" >&2\nexit 3\n', { mode: 0o755 });
    const findings = await look({ env: { PATH: `${bin}:${process.env['PATH']}` } });
    expect(findings.find(({ name }) => name === 'zstd')).toMatchObject({ ok: true, detail: 'zstd 1.5' });
    fs.rmSync(bin, { recursive: true });
  });
});
