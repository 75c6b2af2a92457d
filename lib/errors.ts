/**
 * What can go wrong, by code. A code is public: scripts match on it, so one is never renamed.
 * The text is what docs/errors.md says of it.
 */
export const ERROR_CODES = {
  // the program, at construction and synth
  INVALID_PROPS: 'a prop is unknown, missing, of the wrong type, or breaks a rule between props',
  INVALID_PROGRAM: 'several problems were found in the program; each is listed with its own code',
  DUPLICATE_ID: 'two constructs with one parent have the same id',
  NO_SOURCE: 'an image has no source, so there is nothing to build it on',
  MISSING_ASSET: 'a local file or folder that a prop names is not there or cannot be read',
  DEPENDENCY_CYCLE: 'nodes depend on each other in a circle',
  DUPLICATE_ARTIFACT: 'two builds would write the same artifact name',
  BASE_MISMATCH: 'an image cannot start from the artifact that it names',
  UNKNOWN_SELECTOR: 'a selector, an `only`/`except` entry or an override names nothing that exists',
  INCOMPATIBLE_INPUT: 'a post-processor cannot take the artifact that it would be given',
  LATE_VALUE_AS_TEXT: 'a value that is known only at run time was used as a plain string',
  UNKNOWN_VARIABLE: 'a variable was given that the program does not declare',
  MISSING_VARIABLE: 'a variable without a default was given no value',
  INVALID_VARIABLE: 'a value of a variable has the wrong type or is not allowed',
  VALIDATION_FAILED: 'a validation that the program itself added did not pass',
  // the plan
  INVALID_PLAN: 'plan.json is not a plan, or is damaged',
  PLAN_VERSION: 'plan.json was written for another version of goldsmith',
  MODULE_NOT_FOUND: 'the module that holds an extension cannot be loaded',
  MISSING_DEPENDENCY: 'an optional npm package is needed here and is not installed',
  // the run
  BAD_USAGE: 'the command line is wrong',
  SECRET_UNAVAILABLE: 'a secret could not be read',
  LOOKUP_FAILED: 'a base image could not be found',
  LOCKED: 'the lock file has no entry for a lookup, and --locked forbids to add one',
  PREFLIGHT_FAILED: 'a check before the build found problems',
  LAUNCH_FAILED: 'the machine could not be started',
  CONNECT_FAILED: 'no connection to the machine could be made',
  CONNECTION_LOST: 'the connection to the machine broke off',
  MACHINE_LOST: 'the machine itself ended while it was in use',
  STEP_FAILED: 'a provisioning step ended with a failure',
  STEP_TIMEOUT: 'a step took longer than its timeout',
  TRANSFER_FAILED: 'a file could not be copied to or from the machine',
  CAPTURE_FAILED: 'the artifact could not be made from the machine',
  VERIFICATION_FAILED: 'the finished image did not pass its checks',
  PROCESS_FAILED: 'a post-processor failed',
  OUTPUT_EXISTS: 'a file is in the way that goldsmith did not make',
  PLATFORM_UNAVAILABLE: 'the platform cannot be used on this machine, or does not answer',
  ACCESS_DENIED: 'the platform or registry refused the credentials',
  NOT_FOUND: 'something that was named does not exist',
  NO_SPACE: 'the disk is full',
  READ_ONLY: 'the project folder or the state folder cannot be written',
  STATE_DAMAGED: 'a file in the state folder cannot be read',
  RUN_BUSY: 'another run holds what this one needs',
  LEAKED: 'something that was created could not be deleted',
  CANCELLED: 'the run was interrupted',
  INTERNAL: 'a fault in goldsmith itself',
} as const;

/** One of the keys of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** One thing that is wrong, as data: survives JSON, carries no stack. */
export interface Problem {
  readonly code: ErrorCode;
  /** What is wrong, what was given and what is allowed, in the words of the prop the user wrote. */
  readonly message: string;
  /** Path of the construct, such as `Web/Nginx`. */
  readonly path?: string | undefined;
  /** Line of the user's program that made the construct, such as `images.ts:23`. */
  readonly source?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The last lines that the failing thing printed. */
  readonly output?: string | undefined;
}

const BRAND = Symbol.for('goldsmith.error');

/** The one error class. `code` tells what happened; {@link problems} lists every problem of the phase that failed. */
export class GoldsmithError extends Error implements Problem {
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly source: string | undefined;
  readonly hint: string | undefined;
  readonly output: string | undefined;
  /** All problems found together; one where the error is of one thing. */
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    message: string,
    details: Omit<Problem, 'code' | 'message'> & { cause?: unknown; problems?: readonly Problem[] } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GoldsmithError';
    this.code = code;
    this.path = details.path;
    this.source = details.source;
    this.hint = details.hint;
    this.output = details.output;
    Object.defineProperty(this, BRAND, { value: true });
    this.problems = details.problems ?? [toProblem(this)];
  }

  /** Whether a value is a GoldsmithError, also when it comes from another copy of this package. */
  static is(value: unknown): value is GoldsmithError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** One error for several problems; the problem itself where there is just one. */
  static all(problems: readonly Problem[], code: ErrorCode = 'INVALID_PROGRAM'): GoldsmithError {
    const [first, ...rest] = problems;
    if (first && rest.length === 0) return new GoldsmithError(first.code, first.message, first);
    return new GoldsmithError(code, `${problems.length} problems were found`, { problems });
  }
}

/** The plain data of an error: for events, journals and reports. */
export function toProblem(error: unknown): Problem {
  if (GoldsmithError.is(error)) {
    const { code, path, source, hint, output } = error;
    return { code, message: wholeMessageOf(error), ...defined({ path, source, hint, output }) };
  }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}

/** Of an error that stands for several problems, each on a line of its own: as data it is one. */
function wholeMessageOf({
  message,
  problems,
}: {
  readonly message: string;
  readonly problems?: readonly Problem[];
}): string {
  if (problems === undefined || problems.length < 2) return message;
  const lines = problems.map((one) => `  ${one.message}${one.hint === undefined ? '' : ` (${one.hint})`}`);
  return [`${message}:`, ...lines].join('\n');
}

/** `error` with what it lacks of path, source and hint filled in. */
export function located(
  error: unknown,
  where: Omit<Problem, 'code' | 'message'>,
  code: ErrorCode = 'INTERNAL',
): GoldsmithError {
  const base = GoldsmithError.is(error) ? error : new GoldsmithError(code, messageOf(error), { cause: error });
  if (base.problems.length > 1) return base;
  return new GoldsmithError(base.code, base.message, {
    path: base.path ?? where.path,
    source: base.source ?? where.source,
    hint: base.hint ?? where.hint,
    output: base.output ?? where.output,
    cause: base.cause ?? error,
  });
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}
