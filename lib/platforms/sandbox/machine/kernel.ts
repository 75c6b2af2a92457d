import type { Privilege } from './privilege';

/** How machines are made on this machine: what was found to work. */
export interface Ability {
  readonly privilege: Privilege;
  /** Whether overlayfs may skip syncing: what is in a machine counts only once it is captured. */
  readonly volatile: boolean;
}

/** Options of a machine's overlay. Paths are relative to its folder: all options together must fit a page. */
export function overlayOptions(ability: Ability, layers: number, host: boolean): string {
  const lowers = [...Array.from({ length: layers }, (_, index) => `l/${index}`), ...(host ? ['host/root'] : [])];
  return [
    `lowerdir=${(lowers.length > 0 ? lowers : ['empty']).join(':')}`,
    'upperdir=upper,workdir=work',
    ...flags(ability),
    'nodev',
  ].join(',');
}

/**
 * Folders are copied when they are renamed, and files when their attributes change: the upper layer then is what an image layer
 * can say. In a user namespace the kernel sees to that by itself, and takes no such option.
 */
function flags({ privilege, volatile }: Ability): string[] {
  const kind = privilege.mode === 'root' ? ['redirect_dir=off', 'metacopy=off'] : ['userxattr'];
  return [...kind, 'index=off', ...(volatile ? ['volatile'] : [])];
}
