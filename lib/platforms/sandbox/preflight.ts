import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Problem } from '../../errors';
import type { RunContext } from '../../extension/context';
import { problemWithChanges } from '../../oci/changes';
import { problemWithName } from '../../oci/reference';
import type { SandboxConfig } from './sandbox-props';
import type { Store } from './store/store';

/** Bytes without which no build makes sense. */
const LEAST = 64 * 1024 * 1024;

/** What can be known to be wrong before a machine is made. */
export async function checkSource(config: SandboxConfig, store: Store, ctx: RunContext): Promise<readonly Problem[]> {
  const { changes, reference } = config;
  const texts = [problemWithChanges(changes), reference === undefined ? undefined : problemWithName(reference)];
  const problems: Problem[] = texts.flatMap((message) =>
    message === undefined ? [] : [{ code: 'INVALID_PROPS', message }],
  );
  await fs.mkdir(store.root, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await fs.statfs(store.root);
  if (bavail * bsize < LEAST) {
    problems.push({
      code: 'NO_SPACE',
      message: `${path.relative(ctx.projectDir, store.root) || store.root} has ${Math.floor((bavail * bsize) / 1048576)} MiB left, and at least ${LEAST / 1048576} are needed`,
      hint: 'free some space, or put the state elsewhere with --state DIR',
    });
  }
  return problems;
}
