import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { ResourceRecord } from '../../../lib/extension/artifact';
import type { ProcessContext, Progress } from '../../../lib/extension/context';
import { systemClock } from './clock';

/** What a test can see of what ran. */
export interface Recorded {
  readonly records: ResourceRecord[];
  readonly kept: string[];
  readonly said: string[];
  readonly warned: string[];
  readonly output: string[];
  readonly progress: Progress[];
  readonly secrets: string[];
}

/** A context of one build, as the engine would give it: resources are written down, and nothing is destroyed by itself. */
export interface TestContext extends ProcessContext {
  readonly seen: Recorded;
  /** Deletes the folders. */
  dispose(): void;
}

/** Options of {@link testContext}. */
export interface TestContextOptions {
  readonly node?: string;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A context with folders of its own. */
export function testContext(options: TestContextOptions = {}): TestContext {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-docker-test-'));
  const projectDir = path.join(root, 'project');
  const tempDir = path.join(root, 'tmp');
  for (const dir of [projectDir, tempDir]) fs.mkdirSync(dir);
  const run = { id: `run-${randomBytes(6).toString('hex')}`, app: 'docker-test', startedAt: Date.now() };
  const node = options.node ?? 'Web/Docker';
  const seen: Recorded = { records: [], kept: [], said: [], warned: [], output: [], progress: [], secrets: [] };
  let place = 0;
  const signal = options.signal ?? new AbortController().signal;
  const resolvePath = (file: string): string => path.resolve(projectDir, file);
  const note = (record: ResourceRecord): ResourceRecord => {
    const at = seen.records.findIndex(({ token }) => token === record.token);
    if (at < 0) seen.records.push(record);
    else seen.records[at] = record;
    return record;
  };
  return {
    signal,
    clock: systemClock,
    projectDir,
    stateDir: path.join(root, 'state'),
    tempDir,
    env: options.env ?? process.env,
    run,
    node: { id: node, image: 'Web', source: 'Docker' },
    force: false,
    previous: undefined,
    labels: { 'dev.goldsmith.app': run.app, 'dev.goldsmith.run': run.id, 'dev.goldsmith.node': node },
    variables: {},
    origins: [],
    seen,
    output: (text) => void seen.output.push(text),
    say: (text) => void seen.said.push(text),
    warn: (text) => void seen.warned.push(text),
    progress: (progress) => void seen.progress.push(progress),
    secret: (value) => void seen.secrets.push(value),
    resolvePath,
    async poll(what, probe, { timeout = 10_000, interval = 20 } = {}) {
      for (const end = Date.now() + timeout; Date.now() < end; await systemClock.sleep(interval, signal)) {
        const found = await probe();
        if (found !== undefined) return found;
      }
      throw new Error(`waited for ${what}`);
    },
    async acquire(kind, locator, create) {
      const token = createHash('sha256').update(`${run.id} ${node} ${kind} ${place++}`).digest('hex').slice(0, 20);
      note({ kind, token, locator });
      return note({ kind, token, locator, id: await create(token) });
    },
    keep: async ({ token }) => void seen.kept.push(token),
    release: async () => undefined,
    leaveUnfinished: () => Promise.resolve(),
    lockFile: async () => undefined,
    async writeOutput(output, write) {
      const temporary = `${resolvePath(output)}.tmp`;
      fs.mkdirSync(path.dirname(temporary), { recursive: true });
      await write(temporary);
      fs.renameSync(temporary, resolvePath(output));
      return note({ kind: 'file', token: output, locator: { path: output }, id: output });
    },
    dispose: () => fs.rmSync(root, { recursive: true, force: true }),
  };
}
