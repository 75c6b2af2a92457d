import type { Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';

/** A file on this machine that belongs to an artifact. */
export interface LocalFile {
  /** As the artifact names it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly stats: Stats;
}

/** All files of the artifacts, in their order; what is in a folder comes after it, sorted. */
export async function filesOf(
  inputs: readonly Artifact[],
  use: string,
  ctx: ProcessContext,
): Promise<readonly LocalFile[]> {
  const found: LocalFile[] = [];
  const seen = new Set<string>();
  for (const artifact of inputs) {
    if (artifact.files.length === 0) throw noFiles(artifact, use);
    for (const { path: name } of artifact.files) {
      const file = ctx.resolvePath(name);
      // Two builds that are the same have one artifact.
      if (!seen.has(file)) await walk(name, file, found, use);
      seen.add(file);
    }
  }
  return found;
}

async function walk(name: string, file: string, found: LocalFile[], use: string): Promise<void> {
  const stats = await fs.lstat(file).catch((error: NodeJS.ErrnoException) => {
    throw new GoldsmithError('PROCESS_FAILED', `\`${use}\` cannot read ${name}: ${error.message}`, {
      hint:
        error.code === 'ENOENT'
          ? 'the file belongs to the artifact that it takes, but is gone: build again with --force'
          : undefined,
      cause: error,
    });
  });
  found.push({ name, path: file, stats });
  if (!stats.isDirectory()) return;
  const entries = (await fs.readdir(file)).sort();
  for (const entry of entries) await walk(`${name.replace(/\/+$/, '')}/${entry}`, path.join(file, entry), found, use);
}

function noFiles(artifact: Artifact, use: string): GoldsmithError {
  return new GoldsmithError(
    'INCOMPATIBLE_INPUT',
    `\`${use}\` takes files, but this artifact has none: ${artifact.kind} ${artifact.id}`,
    {
      hint:
        artifact.kind === 'docker-image'
          ? 'put a docker-save before it in a PostProcessorChain'
          : 'narrow it with `only` or `except`',
    },
  );
}

/** Shows how far something has come, a hundred times at most. */
export class Meter {
  private current = 0;
  private next = 0;
  private readonly step: number;

  constructor(
    private readonly ctx: Pick<ProcessContext, 'progress'>,
    private readonly label: string,
    readonly total: number,
  ) {
    this.step = Math.max(1024 * 1024, total / 100);
  }

  /** Counts bytes. */
  add(bytes: number): void {
    this.current += bytes;
    if (this.current < this.next && this.current < this.total) return;
    this.next = this.current + this.step;
    this.ctx.progress({ label: this.label, current: this.current, total: this.total, unit: 'bytes' });
  }
}
