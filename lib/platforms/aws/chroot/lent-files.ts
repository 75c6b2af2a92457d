import type { RunContext } from '../../../extension/context';
import { uploadFile, type InRoot } from '../../../host/in-root';
import type { AmazonChrootConfig } from '../props/amazon-chroot-props';

/** What a file is called meanwhile that a lent one stands for. */
const KEPT = '.goldsmith-kept';

/** Lends files of this machine to the root under the same path. */
export async function lendFiles({ copyFiles }: AmazonChrootConfig, root: InRoot, ctx: RunContext): Promise<void> {
  for (const file of filesOf(copyFiles)) {
    await run(root, KEEP, [file, file + KEPT], ctx);
    await uploadFile(root, file, file, { signal: ctx.signal }, ctx);
  }
}

/** Takes them away again: the image is not to hold what is this machine's. */
export async function takeBackFiles({ copyFiles }: AmazonChrootConfig, root: InRoot, ctx: RunContext): Promise<void> {
  for (const file of filesOf(copyFiles)) await run(root, PUT_BACK, [file, file + KEPT], ctx);
}

function filesOf(copyFiles: AmazonChrootConfig['copyFiles']): readonly string[] {
  return copyFiles ?? ['/etc/resolv.conf'];
}

async function run(root: InRoot, text: string, args: readonly string[], ctx: RunContext): Promise<void> {
  for await (const part of root.shell(text, args, ctx)) void part;
}

const KEEP = `set -e
case $1 in */*) t mkdir -p "\${1%/*}/";; esac
if [ -e "$1" ] || [ -L "$1" ]; then t mv -f -- "$1" "$2"; fi`;

const PUT_BACK = `set -e
t rm -f -- "$1"
if [ -e "$2" ] || [ -L "$2" ]; then t mv -f -- "$2" "$1"; fi`;
