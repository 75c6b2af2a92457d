import * as fs from 'node:fs/promises';
import { GoldsmithError, type Problem } from '../../errors';
import type { RunContext } from '../../extension/context';
import { findCommand } from '../../util/which';

/** What a program says of the machine that it is for: number in its header (elf(5), e_machine), and how `uname -m` calls such machines. */
const MACHINES: Readonly<Record<number, RegExp>> = {
  3: /^(i\d86|x86_64)$/,
  21: /^ppc64/,
  22: /^s390x$/,
  40: /^arm/,
  62: /^x86_64$/,
  183: /^(aarch64|arm64)$/,
  243: /^riscv64$/,
};

/** The program `goss` on this machine, which is sent to the others. */
export interface GossBinary {
  readonly file: string;
  /** Whether it runs on machines that `uname -m` calls so. */
  runsOn(machine: string): boolean;
}

/**
 * Finds the program: the one that was given, else the one in PATH.
 *
 * @throws GoldsmithError where there is none, or it is no program for Linux
 */
export async function findGoss(given: string | undefined, ctx: RunContext): Promise<GossBinary> {
  const file = given ?? (await findCommand('goss', ctx.env['PATH']));
  if (file === undefined)
    throw new GoldsmithError(
      'MISSING_DEPENDENCY',
      'the verification has a `goss` file, and there is no program `goss` in PATH',
      {
        hint: 'install goss for the platform of the image (https://github.com/goss-org/goss), or give it as `gossBinary`',
      },
    );
  const header = await headerOf(file);
  // A script that finds the program by itself.
  if (header.toString('latin1', 0, 2) === '#!') return { file, runsOn: () => true };
  if (header.length < 20 || header.readUInt32BE(0) !== 0x7f454c46)
    throw new GoldsmithError(
      'PREFLIGHT_FAILED',
      `${given === undefined ? file : '`gossBinary`'} is no program for Linux`,
      {
        hint: 'the program runs on the machine of the image: give one for Linux, and for its processor',
      },
    );
  const fits = MACHINES[header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18)];
  return { file, runsOn: (machine) => fits === undefined || machine === '' || fits.test(machine) };
}

/** What is wrong with it, as preflight says it. */
export async function gossProblems(given: string | undefined, ctx: RunContext): Promise<readonly Problem[]> {
  try {
    await findGoss(given, ctx);
    return [];
  } catch (error) {
    if (GoldsmithError.is(error)) return error.problems;
    throw error;
  }
}

async function headerOf(file: string): Promise<Buffer> {
  const handle = await fs.open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
