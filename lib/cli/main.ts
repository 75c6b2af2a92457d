#!/usr/bin/env node
import type { App } from '../app';
import { GoldsmithError, type ErrorCode } from '../errors';
import { processIo, type Io } from './io';
import { program } from './program';
import { printError } from './print-error';

/** Runs the command line of a user's program: `npx ts-node images.ts COMMAND`. */
export async function runProgram(app: App): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processIo(), app);
}

/** Runs a command line and says the exit status. Errors are printed, never thrown. */
export async function main(argv: readonly string[], io: Io, app?: App): Promise<number> {
  try {
    return await program(argv, io, app);
  } catch (error) {
    printError(error, io);
    return statusOf(error);
  }
}

/** 2 where the program, the plan or the arguments are wrong; what is wrong with this machine is a build that failed. */
function statusOf(error: unknown): number {
  if (!GoldsmithError.is(error)) return 2;
  if (error.code === 'CANCELLED') return 130;
  return MACHINE.includes(error.code) ? 1 : 2;
}

const MACHINE: readonly ErrorCode[] = ['NO_SPACE', 'READ_ONLY', 'STATE_DAMAGED', 'RUN_BUSY', 'PLATFORM_UNAVAILABLE'];

if (require.main === module) {
  void main(process.argv.slice(2), processIo()).then((status) => {
    // A program that was loaded here sets the exit status itself, when it is done.
    if (status >= 0) process.exitCode = status;
  });
}
