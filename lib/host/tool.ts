import { GoldsmithError } from '../errors';
import type { RunContext } from '../extension/context';
import { runProcess } from '../util/spawn';
import { Tail } from '../util/tail';
import { ToolFailed } from '../util/tool-failed';
import { findCommand } from '../util/which';

/** Where the package of a tool is called otherwise than the tool. */
const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-system-aarch64': 'qemu-system-arm',
  xz: 'xz-utils',
};

/** The path of a tool of this machine. Throws where it is not installed. */
export async function needTool(name: string, purpose: string, ctx: RunContext): Promise<string> {
  const found = name.includes('/') ? name : await findCommand(name, ctx.env['PATH']);
  if (found !== undefined) return found;
  throw new GoldsmithError('PLATFORM_UNAVAILABLE', `\`${name}\` is not installed, and it is needed ${purpose}`, {
    hint: `install ${PACKAGES[name] ?? name} with the system's package manager`,
  });
}

/** Runs a tool to its end and gives what it printed. Throws {@link ToolFailed}. */
export async function runTool(
  file: string,
  args: readonly string[],
  ctx: RunContext,
  onText?: (text: string) => void,
): Promise<string> {
  const complaint = new Tail();
  let printed = '';
  const end = await runProcess(file, args, {
    env: { ...ctx.env, LC_ALL: 'C' },
    signal: ctx.signal,
    clock: ctx.clock,
    onOutput: (text, stream) => {
      if (stream === 'stderr') return complaint.push(text);
      if (onText) onText(text);
      else printed += text;
    },
  });
  if ('code' in end && end.code === 0) return printed;
  const ended = 'code' in end ? `ended with status ${end.code}` : `was ended by ${end.signal}`;
  throw new ToolFailed(file.slice(file.lastIndexOf('/') + 1), ended, complaint.toString());
}
