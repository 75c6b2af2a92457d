import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { shellQuote } from '../../../util/quote';
import { renderTemplate } from '../../../util/template';
import type { AmazonChrootConfig } from '../props/amazon-chroot-props';
import { CHROOT_MOUNTS } from '../props/chroot-props';
import { runHere, type Wrapped } from './local';

/** How long what still runs in a root may take to end, in milliseconds. */
const ENDED = 5_000;

/** The folder that a volume is mounted at. */
export function mountPathOf({ mountPath = '/mnt/goldsmith/{{.Device}}' }: AmazonChrootConfig, device: string): string {
  return path.resolve(renderTemplate('mountPath', mountPath, { Device: path.basename(device) }));
}

/** The device of the partition that is mounted: after a number comes a `p`, as Linux names them. */
export function partitionOf(device: string, partition: string): string {
  if (partition === '0') return device;
  return /\d$/.test(device) ? `${device}p${partition}` : `${device}${partition}`;
}

/** Mounts the volume, and what the steps need below it. */
export async function mountRoot(
  config: AmazonChrootConfig,
  device: string,
  root: string,
  ctx: RunContext,
): Promise<void> {
  const source = partitionOf(device, config.mountPartition ?? '1');
  // A kernel that has just been told of a partition may show it a moment later.
  await ctx.poll(`the partition ${source}`, () => fs.stat(source).catch(() => undefined), { timeout: 30_000 });
  await runHere(`mkdir -p ${shellQuote(root)}`, config, ctx);
  const options = (config.mountOptions ?? []).map((option) => `-o ${shellQuote(option)} `).join('');
  ctx.say(`mounting ${source} at ${root}`);
  await runHere(`mount ${options}${shellQuote(source)} ${shellQuote(root)}`, config, ctx);
}

/** Mounts what else the steps find in the root. */
export async function mountExtra(config: AmazonChrootConfig, root: string, ctx: RunContext): Promise<void> {
  for (const [type = '', source = '', place = ''] of config.chrootMounts ?? CHROOT_MOUNTS) {
    const target = shellQuote(path.join(root, place));
    const kind = type === 'bind' ? '--bind' : `-t ${shellQuote(type)}`;
    // What is mounted in a folder of this machine that is lent is not to be mounted on this machine as well.
    const apart = type === 'bind' ? ` && mount --make-private ${target}` : '';
    // What of the kernel is not there is not needed either: binfmt_misc is a module.
    const orNot = type === 'binfmt_misc' ? ` || :` : '';
    await runHere(
      `mkdir -p ${target}${orNot} && mount ${kind} ${shellQuote(source)} ${target}${apart}${orNot}`,
      config,
      ctx,
    );
  }
}

/** Ends what still runs in a root, and takes away all that is mounted there. What is not mounted is as wanted. */
export async function unmountAll(root: string, config: Wrapped, ctx: RunContext): Promise<void> {
  for (;;) {
    const mounted = await mountsBelow(root);
    const last = mounted.at(-1);
    if (last === undefined) break;
    await endProcesses(root, ctx);
    await runHere(`umount ${shellQuote(last)}`, config, ctx);
  }
  await runHere(`rmdir ${shellQuote(root)} 2>/dev/null || :`, config, ctx);
}

/** Mount points at and below a folder, in the order in which they were made. */
async function mountsBelow(root: string): Promise<readonly string[]> {
  const text = await fs.readFile('/proc/self/mountinfo', 'utf8');
  return text
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_all, octal: string) => byte(octal)))
    .filter((place) => place === root || place.startsWith(`${root}/`));
}

function byte(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}

/** Daemons that a step has started in the root would hold its file system. */
async function endProcesses(root: string, ctx: RunContext): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const end = ctx.clock.now() + ENDED;
    for (;;) {
      const left = await processesIn(root);
      if (left.length === 0) return;
      for (const id of left) {
        try {
          process.kill(id, signal);
        } catch {
          // It has ended meanwhile.
        }
      }
      if (ctx.clock.now() > end) break;
      await ctx.clock.sleep(50, ctx.signal);
    }
  }
}

async function processesIn(root: string): Promise<readonly number[]> {
  const ids = (await fs.readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const roots = await Promise.all(
    ids.map(async (id) => ({ id, root: await fs.readlink(`/proc/${id}/root`).catch(() => '') })),
  );
  return roots.filter((one) => one.root === root || one.root.startsWith(`${root}/`)).map(({ id }) => Number(id));
}
