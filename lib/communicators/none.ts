import { GoldsmithError } from '../errors';
import type { Communicator } from '../extension/communicator';

/** No connection: steps that run on this side only still work, anything that needs the machine is refused. */
export function noCommunicator(): Communicator {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new GoldsmithError('STEP_FAILED', 'the step needs the machine, but its source has the communicator `none`', {
        hint: 'give the source another `communicator`, or leave it out with `except`',
      }),
    );
  return {
    guest: 'unix',
    facts: { ConnType: 'none' },
    exec: refuse,
    uploadFile: refuse,
    uploadDirectory: refuse,
    downloadFile: refuse,
    downloadDirectory: refuse,
    close: () => Promise.resolve(),
  };
}
