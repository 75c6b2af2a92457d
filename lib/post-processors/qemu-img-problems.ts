import { toProblem, type Problem } from '../errors';
import type { RunContext } from '../extension/context';
import { needTool } from '../host/tool';

/** Says before a build that qemu-img is not there. */
export async function qemuImgProblems(purpose: string, ctx: RunContext): Promise<readonly Problem[]> {
  return needTool('qemu-img', purpose, ctx).then(
    () => [],
    (error: unknown) => [toProblem(error)],
  );
}
