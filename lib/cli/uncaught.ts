import { GoldsmithError } from '../errors';
import { processIo } from './io';
import { printError } from './print-error';

let installed = false;

/**
 * Prints what a program throws while it makes its constructs (a value of run time used as a string, for one) as any other
 * problem, where the program itself is what Node runs. What is not goldsmith's stays as it was.
 */
export function printUncaught(): void {
  if (installed) return;
  installed = true;
  process.on('uncaughtException', onUncaught);
}

function onUncaught(error: unknown): void {
  if (GoldsmithError.is(error)) {
    printError(error, processIo());
    process.exit(2);
  }
  process.off('uncaughtException', onUncaught);
  // Thrown from here, Node would take it for a fault of this listener.
  process.nextTick(() => {
    throw error;
  });
}
