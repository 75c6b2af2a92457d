import { GoldsmithError } from '../../../errors';

/** Loads a package of the AWS SDK, or says how to install it. */
export function needSdk<T>(name: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new GoldsmithError('MISSING_DEPENDENCY', `AWS needs the package ${name}, which is not installed`, {
      hint: `npm install ${name}`,
      cause: error,
    });
  }
}
