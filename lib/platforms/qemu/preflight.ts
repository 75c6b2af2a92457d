import * as fs from 'node:fs/promises';
import { toProblem, type Problem } from '../../errors';
import type { RunContext } from '../../extension/context';
import { checkBootCommand } from './boot/boot-up';
import { needTool } from '../../host/tool';
import { isAddress } from './image/download';
import type { QemuConfig } from './props/qemu-props';

/** Bytes without which no build makes sense. */
const LEAST = 512 * 1024 * 1024;

/** What can be known to be wrong before a machine is made. */
export async function preflight(config: QemuConfig, root: string, ctx: RunContext): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const attempt = async (act: () => Promise<unknown>): Promise<void> => {
    await act().catch((error: unknown) => problems.push(toProblem(error)));
  };
  await attempt(() => needTool(config.qemuBinary ?? 'qemu-system-x86_64', 'to run virtual machines', ctx));
  await attempt(() => needTool('qemu-img', 'to make disks', ctx));
  if (config.vtpm === true) await attempt(() => needTool('swtpm', 'for `vtpm`', ctx));
  await attempt(() => Promise.resolve().then(() => checkBootCommand(config)));
  for (const prop of ['image', 'iso'] as const) {
    const places = [config[prop] ?? []].flat();
    const local = places.filter((place) => !isAddress(place));
    const there = await Promise.all(local.map((place) => isThere(ctx.resolvePath(place.replace(/^file:\/\//, '')))));
    if (places.length > 0 && local.length === places.length && !there.includes(true)) {
      problems.push({
        code: 'NOT_FOUND',
        message: `\`${prop}\` names ${local.map((place) => `\`${place}\``).join(', ')}, and there is no such file`,
        hint: "paths start from the project's folder",
      });
    }
  }
  await fs.mkdir(root, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await fs.statfs(root);
  if (bavail * bsize < LEAST) {
    problems.push({
      code: 'NO_SPACE',
      message: `${root} has ${Math.floor((bavail * bsize) / 1048576)} MiB left, and at least ${LEAST / 1048576} are needed`,
      hint: 'free some space, or put the state elsewhere with --state DIR',
    });
  }
  return problems;
}

async function isThere(file: string): Promise<boolean> {
  return fs.stat(file).then(
    (stat) => stat.isFile(),
    () => false,
  );
}
