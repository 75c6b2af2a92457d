import { closeSync, existsSync, openSync, promises as fs, statSync, truncateSync } from 'node:fs';
import * as path from 'node:path';
import { run } from '../helpers/programs';
import type { Artifact, BuildOrigin, ProcessContext, Progress } from '../../lib/extension';
import { provisionContext, type TestContext } from '../provisioners/support';

export { temporaryFolder } from '../provisioners/support';

/** A context for one post-processor, with real files and locks that hold within this process. */
export interface TestProcessContext extends ProcessContext {
  readonly said: string[];
  readonly warned: string[];
  readonly progressed: Progress[];
  /** Ends the node: gives its locks back. */
  end(): void;
  printed(): string;
}

const locks = new Map<string, Promise<void>>();

/** @param inputs what the post-processor takes; origins are made of them */
export function processContext(
  folder: string,
  inputs: readonly Artifact[],
  changes: Partial<ProcessContext> = {},
): TestProcessContext {
  const base: TestContext = provisionContext(folder);
  const progressed: Progress[] = [];
  const releases: (() => void)[] = [];
  return {
    ...base,
    node: { id: 'Web/Step/Docker' },
    force: false,
    previous: undefined,
    labels: {},
    acquire: () => Promise.reject(new Error('not used')),
    keep: () => Promise.resolve(),
    release: () => Promise.resolve(),
    leaveUnfinished: () => Promise.resolve(),
    origins: inputs.map((artifact) => originOf(artifact)),
    lockFile: async (file) => {
      const target = path.resolve(folder, file);
      const before = locks.get(target) ?? Promise.resolve();
      let release: () => void = () => undefined;
      locks.set(target, new Promise((resolve) => (release = resolve)));
      await before;
      releases.push(release);
    },
    writeOutput: async (output, write, options = {}) => {
      const target = path.resolve(folder, output);
      if (existsSync(target) && options.merges !== true) throw new Error(`${output} is there already`);
      const temporary = `${target}.tmp`;
      await fs.mkdir(path.dirname(target), { recursive: true });
      await write(temporary);
      await fs.rename(temporary, target);
      return { kind: 'file', id: output, token: output, locator: { path: output } };
    },
    progress: (progress) => void progressed.push(progress),
    ...changes,
    progressed,
    end: () => releases.splice(0).forEach((release) => release()),
    printed: base.printed,
    said: base.said,
    warned: base.warned,
  };
}

/** Where an artifact comes from. */
export function originOf(artifact: Artifact, changes: Partial<BuildOrigin> = {}): BuildOrigin {
  return {
    build: 'Web/Docker',
    image: 'Web',
    use: 'docker',
    artifact,
    cached: false,
    builtAt: 1_700_000_000_123,
    ...changes,
  };
}

/** An artifact that is these files. */
export function filesArtifact(folder: string, ...paths: readonly string[]): Artifact {
  const files = paths.map((name) => ({ path: name, size: statSync(path.resolve(folder, name)).size }));
  return { use: 'docker', kind: 'docker-export', id: 'id-1', files, resources: [], outputs: {} };
}

/** An artifact without files. */
export const IMAGE: Artifact = {
  use: 'docker',
  kind: 'docker-image',
  id: 'sha256:abc',
  files: [],
  resources: [],
  outputs: { imageId: 'sha256:abc' },
};

/** A real raw disk with a file system. Its size fits no geometry of cylinders, heads and sectors. */
export function makeDisk(folder: string, name: string, size = 33 * 1024 * 1024 + 512): Artifact {
  const file = path.resolve(folder, name);
  closeSync(openSync(file, 'w'));
  truncateSync(file, size);
  run('mkfs.ext4', '-q', '-F', file);
  return filesArtifact(folder, name);
}
