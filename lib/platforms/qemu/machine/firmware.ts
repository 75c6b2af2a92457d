import * as fs from 'node:fs/promises';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { QemuConfig } from '../props/qemu-props';

/** Where Debian, Fedora, Arch, openSUSE and Homebrew put OVMF: code, and the variables that belong to it. */
const PLAIN = [
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
  ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
  ['/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'],
  ['/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd'],
  ['/usr/share/qemu/ovmf-x86_64-code.bin', '/usr/share/qemu/ovmf-x86_64-vars.bin'],
  ['/opt/homebrew/share/qemu/edk2-x86_64-code.fd', '/opt/homebrew/share/qemu/edk2-i386-vars.fd'],
  ['/usr/local/share/qemu/edk2-x86_64-code.fd', '/usr/local/share/qemu/edk2-i386-vars.fd'],
] as const;

/** The same that checks signatures, with Microsoft's keys enrolled. */
const SECURE = [
  ['/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', '/usr/share/OVMF/OVMF_VARS_4M.ms.fd'],
  ['/usr/share/OVMF/OVMF_CODE.secboot.fd', '/usr/share/OVMF/OVMF_VARS.ms.fd'],
  ['/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', '/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd'],
] as const;

/** The firmware of a machine that boots by UEFI, with a copy of the variables for it alone. */
export async function findFirmware(
  config: QemuConfig,
  from: string | undefined,
  vars: string,
  ctx: RunContext,
): Promise<{ readonly code: string; readonly vars: string } | undefined> {
  const secure = config.secureBoot === true;
  if (config.efiBoot !== true && !secure && config.efiFirmwareCode === undefined) return undefined;
  const pair = await firstThere(secure ? SECURE : PLAIN);
  const code = config.efiFirmwareCode === undefined ? pair?.[0] : ctx.resolvePath(config.efiFirmwareCode);
  const initial = from ?? (config.efiFirmwareVars === undefined ? pair?.[1] : ctx.resolvePath(config.efiFirmwareVars));
  if (code === undefined || initial === undefined) {
    throw new GoldsmithError(
      'PLATFORM_UNAVAILABLE',
      `no UEFI firmware${secure ? ' for secure boot' : ''} was found on this machine`,
      {
        hint: 'install ovmf (edk2-ovmf), or name the files with `efiFirmwareCode` and `efiFirmwareVars`',
      },
    );
  }
  await fs.copyFile(initial, vars).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new GoldsmithError('NOT_FOUND', `the UEFI variables ${initial} are not there`);
  });
  await fs.chmod(vars, 0o600);
  return { code, vars: 'efivars.fd' };
}

async function firstThere(
  pairs: readonly (readonly [string, string])[],
): Promise<readonly [string, string] | undefined> {
  for (const pair of pairs) {
    const there = await Promise.all(pair.map((file) => fs.stat(file).catch(() => undefined)));
    if (there.every((stat) => stat !== undefined)) return pair;
  }
  return undefined;
}
