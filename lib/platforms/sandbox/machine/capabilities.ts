import * as fs from 'node:fs';

/**
 * What root in a machine may still do: what installing packages and starting their daemons needs, and no more. The list is
 * Docker's default (https://docs.docker.com/engine/security/#linux-kernel-capabilities) without NET_RAW, which reads
 * everybody's traffic where the network is shared.
 *
 * What is left out above all: SYS_ADMIN and SYS_MODULE (the kernel), SYS_PTRACE and DAC_READ_SEARCH (other processes,
 * files by handle), NET_ADMIN, SYS_TIME, SYS_BOOT, SYS_RAWIO and LINUX_IMMUTABLE (files that could not be deleted).
 */
export const KEPT_CAPABILITIES: Readonly<Record<string, number>> = {
  chown: 0, // dpkg and tar give files to users
  dac_override: 1, // root writes what belongs to others
  fowner: 3, // and changes its modes
  fsetid: 4, // setgid bits survive a change
  kill: 5, // daemons of other users are stopped
  setgid: 6, // daemons and apt drop to their user
  setuid: 7,
  setpcap: 8, // and drop capabilities
  net_bind_service: 10, // a web server on port 80, for a check
  sys_chroot: 18, // sshd, postfix
  mknod: 27, // packages that make device nodes; none opens, as the file system is mounted nodev
  audit_write: 29, // useradd and su report what they do
  setfcap: 31, // ping and others get file capabilities
};

/** Mounting, which is for machines that have a block device of their own: by it a root there can do what this machine's may. */
export const MOUNTING = 21;

/** The argument of `setpriv --bounding-set`: by number, since an older setpriv knows no name of a newer capability. */
export function boundingSet(more: readonly number[] = []): string {
  const last = Number(fs.readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
  const kept = new Set([...Object.values(KEPT_CAPABILITIES), ...more]);
  const dropped = Array.from({ length: last + 1 }, (_, number) => number).filter((number) => !kept.has(number));
  return dropped.map((number) => `-cap_${number}`).join(',');
}
