import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { readIfThere } from '../../../util/atomic';
import { messageOf } from '../../../errors';
import { ToolFailed } from '../../../util/tool-failed';
import { overlayOptions, type Ability } from './kernel';
import { candidates, privileged, type Privilege } from './privilege';
import { removeTree, runTool } from './run';
import { missingTools } from './tools';

/** What this machine can do; or why it cannot. */
export type Finding =
  | { readonly able: true; readonly ability: Ability; readonly limits: readonly string[] }
  | { readonly able: false; readonly reason: string; readonly hint: string };

/** Where machines cannot be made, builds can be made elsewhere. */
const ELSEWHERE =
  'use a DockerSource, or run it on Linux, in a virtual machine or in a CI job that may create namespaces';

/** Finds out by doing: puts a tiny machine together under `dir`, with all rights first and with fewer after that. */
export async function findAbility(dir: string, ctx: RunContext): Promise<Finding> {
  if (process.platform !== 'linux') {
    return {
      able: false,
      reason: `the sandbox needs the Linux kernel, and this is ${process.platform}`,
      hint: ELSEWHERE,
    };
  }
  const missing = missingTools(ctx.env);
  if (missing.length > 0) {
    return {
      able: false,
      reason: `programs are missing: ${missing.join(', ')}`,
      hint: `apt-get install ${[...new Set(missing.map(packageOf))].join(' ')}`,
    };
  }
  const complaints: string[] = [];
  for (const privilege of candidates(ctx.env)) {
    for (const volatile of [true, false]) {
      const complaint = await attempt(path.join(dir, 'probe'), { privilege, volatile }, ctx);
      if (complaint === undefined) return { able: true, ability: { privilege, volatile }, limits: limitsOf(privilege) };
      if (!volatile) complaints.push(`${privilege.mode === 'root' ? 'as root' : 'in a user namespace'}: ${complaint}`);
    }
  }
  return { able: false, ...(await explain(complaints, dir)) };
}

/** What does not work with these rights, for people. */
function limitsOf(privilege: Privilege): string[] {
  switch (privilege.mode) {
    case 'root':
      return [];
    case 'mapped':
      return ['no device nodes', 'no host base'];
    case 'single':
      return [
        'everything belongs to root: packages that create users or give files away fail (an entry in /etc/subuid and /etc/subgid helps)',
        'no device nodes',
        'no host base',
      ];
  }
}

async function attempt(dir: string, ability: Ability, ctx: RunContext): Promise<string | undefined> {
  await fs.mkdir(dir, { recursive: true });
  const own = await fs.mkdtemp(path.join(dir, 'try-'));
  try {
    await Promise.all(['empty', 'upper', 'work', 'merged'].map((name) => fs.mkdir(path.join(own, name))));
    const script = `mount -t overlay overlay -o ${overlayOptions(ability, 0, false)} merged && mkdir merged/proc && mount -t proc proc merged/proc && [ -d merged/proc/1 ]`;
    const spaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--propagation', 'private'];
    await runTool(privileged(ability.privilege, ['unshare', ...spaces, 'sh', '-c', script]), ctx, { cwd: own });
    return undefined;
  } catch (error) {
    ctx.signal.throwIfAborted();
    return error instanceof ToolFailed ? error.complaint || error.message : messageOf(error);
  } finally {
    // The kernel's working folder is closed to all but root within.
    await removeTree(own, ability.privilege, ctx).catch(() => undefined);
    await fs.rmdir(dir).catch(() => undefined);
  }
}

async function explain(complaints: readonly string[], dir: string): Promise<{ reason: string; hint: string }> {
  const setting = async (name: string): Promise<string | undefined> =>
    (await readIfThere(`/proc/sys/${name}`).catch(() => undefined))?.trim();
  const tried = complaints.join('; ');
  const overlays = (await readIfThere('/proc/filesystems'))?.includes('overlay') ?? false;
  if (!overlays && /unknown filesystem|No such device/i.test(tried)) {
    return {
      reason: `the kernel has no overlay file system (${tried})`,
      hint: 'modprobe overlay as root; else ' + ELSEWHERE,
    };
  }
  if ((await setting('kernel/apparmor_restrict_unprivileged_userns')) === '1') {
    return {
      reason: `AppArmor keeps users from creating namespaces (${tried})`,
      hint: 'run as root, or: sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    };
  }
  if (
    (await setting('kernel/unprivileged_userns_clone')) === '0' ||
    (await setting('user/max_user_namespaces')) === '0'
  ) {
    return {
      reason: `the kernel is set to keep users from creating namespaces (${tried})`,
      hint: 'run as root, or allow it: sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000',
    };
  }
  if (/wrong fs type|Invalid argument/i.test(tried)) {
    return {
      reason: `${dir} is on a file system that cannot hold a sandbox's changes, such as overlay or NFS (${tried})`,
      hint: 'put the state on ext4, xfs, btrfs or tmpfs with --state DIR',
    };
  }
  return {
    reason: `the kernel refuses to create a sandbox (${tried})`,
    hint: `run as root; in a container, start that with --privileged; else ${ELSEWHERE}`,
  };
}

function packageOf(missing: string): string {
  return /\((.*)\)/.exec(missing)![1]!;
}
