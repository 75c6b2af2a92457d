import { findTool, type Env } from '../../../host/programs';

export { findTool, hostEnv } from '../../../host/programs';

/** What a machine needs of this machine, and the Debian package that has it. */
export const NEEDED_TOOLS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  umount: 'mount',
  pivot_root: 'util-linux',
  sh: 'dash',
  tar: 'tar',
  cp: 'coreutils',
  ldd: 'libc-bin',
};

/** The tools that are not there, as `name (package)`. */
export function missingTools(env: Env): string[] {
  return Object.entries(NEEDED_TOOLS).flatMap(([name, from]) => (findTool(name, env) ? [] : [`${name} (${from})`]));
}
