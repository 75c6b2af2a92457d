#!/usr/bin/env node
import type { App } from '../app';
import { GoldsmithError } from '../errors';
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
    return GoldsmithError.is(error) && error.code === 'CANCELLED' ? 130 : 2;
  }
}

if (require.main === module) {
  void main(process.argv.slice(2), processIo()).then((status) => {
    // A program that was loaded here sets the exit status itself, when it is done.
    if (status >= 0) process.exitCode = status;
  });
}
