import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Artifact, Json, ProcessContext, ResourceRecord } from './types';

/** A context as the engine gives it, which keeps its books in memory. */
export interface TestContext extends ProcessContext {
  readonly acquired: Map<string, ResourceRecord>;
  readonly kept: Set<ResourceRecord>;
  readonly said: string[];
  readonly printed: string[];
  readonly progressed: string[];
  readonly secrets: string[];
}

let counter = 0;

/** A folder for one test file, gone when the process ends its tests. */
export async function makeProject(): Promise<string> {
  return fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-sandbox-'));
}

/** A context in a project folder. */
export function makeContext(projectDir: string, overrides: Partial<TestContext> = {}): TestContext {
  const acquired = new Map<string, ResourceRecord>();
  const kept = new Set<ResourceRecord>();
  const said: string[] = [];
  const printed: string[] = [];
  const progressed: string[] = [];
  const secrets: string[] = [];
  const context: TestContext = {
    acquired,
    kept,
    said,
    printed,
    progressed,
    secrets,
    signal: new AbortController().signal,
    clock: { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
    projectDir,
    stateDir: path.join(projectDir, '.goldsmith'),
    tempDir: path.join(projectDir, '.goldsmith', 'tmp'),
    env: { PATH: process.env['PATH'], HOME: projectDir },
    run: { id: 'run-1', app: 'acme', startedAt: 0 },
    node: { id: 'Core/Sandbox', image: 'Core', source: 'Sandbox' },
    labels: {},
    variables: {},
    origins: [],
    force: false,
    previous: undefined,
    output: (text) => void printed.push(text),
    say: (text) => void said.push(text),
    warn: (text) => void said.push(text),
    progress: ({ label }) => void progressed.push(label),
    secret: (value) => void secrets.push(value),
    resolvePath: (given) => path.resolve(projectDir, given),
    poll: async (what, probe) => {
      for (let i = 0; i < 2000; i++) {
        const found = await probe();
        if (found !== undefined) return found;
        await sleep(5);
      }
      throw new Error(`waited in vain for ${what}`);
    },
    leaveUnfinished: () => Promise.resolve(),
    lockFile: () => Promise.resolve(),
    acquire: async (kind: string, locator: Json, create: (token: string) => Promise<string>) => {
      const token = `token${++counter}`;
      const id = await create(token);
      const record = { kind, locator, token, id };
      acquired.set(token, record);
      return record;
    },
    keep: (record) => Promise.resolve(void kept.add(record)),
    release: () => Promise.resolve(),
    writeOutput: async (given, write) => {
      const target = path.resolve(projectDir, given);
      await fs.mkdir(path.dirname(target), { recursive: true });
      await write(`${target}.tmp`);
      await fs.rm(target, { recursive: true, force: true });
      await fs.rename(`${target}.tmp`, target);
      return { kind: 'file', token: given, locator: { path: given }, id: given };
    },
    ...overrides,
  };
  return context;
}

/** What an artifact's file is called on disk. */
export function fileOf(artifact: Artifact, projectDir: string): string {
  return path.resolve(projectDir, String(artifact.outputs['path']));
}
