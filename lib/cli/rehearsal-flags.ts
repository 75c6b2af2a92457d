import { GoldsmithError } from '../errors';
import type { RehearsalOptions } from '../rehearsal/options';
import type { TroubleOptions } from '../rehearsal/trouble';

/** Options of a rehearsal on the command line. */
export interface RehearsalFlags {
  readonly image?: readonly string[];
  readonly speed?: string;
  readonly seed?: string;
  readonly trouble?: readonly string[];
  readonly parameter?: readonly string[];
  readonly secret?: readonly string[];
}

const TROUBLES: readonly (keyof TroubleOptions)[] = [
  'throttling',
  'serverErrors',
  'lostResponses',
  'insufficientCapacity',
  'spotInterruptions',
  'eventualConsistency',
];

/** What the command line says of a rehearsal. */
export function rehearsalOptions(flags: RehearsalFlags): RehearsalOptions {
  const { image = [], speed, seed, trouble = [], parameter = [], secret = [] } = flags;
  return {
    images: Object.fromEntries(image.map((pair) => imageOf(pair))),
    ...(speed !== undefined && { speed: positive('--speed', speed) }),
    ...(seed !== undefined && { seed }),
    trouble: Object.fromEntries(trouble.map((pair) => troubleOf(pair))),
    parameters: Object.fromEntries(parameter.map((pair) => valueOf('--parameter', pair))),
    secrets: Object.fromEntries(secret.map((pair) => valueOf('--secret', pair))),
  };
}

/** A number above 0. */
function positive(option: string, given: string): number {
  const number = Number(given);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new GoldsmithError('BAD_USAGE', `${option} is ${JSON.stringify(given)}; it takes a number above 0`);
}

function imageOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new GoldsmithError(
    'BAD_USAGE',
    `--image is ${JSON.stringify(pair)}; it takes AMI=BASE, such as ami-0123456789abcdef0=host or "ubuntu/images/*"=minimal`,
  );
}

function valueOf(option: string, pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  // What was given may be half of a value, so it is not shown.
  throw new GoldsmithError('BAD_USAGE', `${option} takes NAME=VALUE, and what was given has no name before a \`=\``);
}

function troubleOf(pair: string): [string, number] {
  const [name = '', share = ''] = pair.split('=');
  const known = TROUBLES.find((one) => one === name);
  const number = Number(share);
  if (known !== undefined && share !== '' && number >= 0 && number <= 1) return [known, number];
  throw new GoldsmithError(
    'BAD_USAGE',
    `--trouble is ${JSON.stringify(pair)}; it takes NAME=SHARE, a share of calls from 0 to 1, and a name of ${TROUBLES.join(', ')}`,
  );
}
