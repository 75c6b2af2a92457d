import { GoldsmithError, messageOf, type ErrorCode } from '../../../errors';
import type { CallName } from './calls';

/** An answer of AWS that is no success, or no answer. */
export class AwsError extends GoldsmithError {
  /** AWS's own code, such as `InvalidAMIID.NotFound`; the system's, such as `ECONNREFUSED`, where no answer came. */
  readonly reason: string;
  /** Whether an answer came. */
  readonly answered: boolean;
  /** Whether the call may have done its work all the same, now or at an earlier try: an answer was lost, or told of a fault. */
  doubtful = false;

  constructor(code: ErrorCode, message: string, reason: string, answered: boolean, hint?: string) {
    super(code, message, { ...(hint !== undefined && { hint }) });
    this.reason = reason;
    this.answered = answered;
  }
}

/** What the SDK's errors have in common. */
interface SdkError {
  readonly name?: string;
  readonly Code?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

// Codes: docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
const THROTTLED =
  /^(RequestLimitExceeded|Throttling(Exception)?|ThrottledException|TooManyRequestsException|RequestThrottled(Exception)?|EC2ThrottledException|SlowDown|PriorRequestNotComplete|BandwidthLimitExceeded)$/;
const TRANSIENT =
  /^(InternalError|InternalFailure|InternalServerError|ServiceUnavailable|Unavailable|RequestTimeout|TimeoutError|RequestExpired)$/;
const CAPACITY =
  /^(InsufficientInstanceCapacity|InsufficientCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|InsufficientFreeAddressesInSubnet|Unsupported|UnsupportedOperation\.InstanceType|UnfulfillableCapacity|SpotMaxPriceTooLow|MaxSpotInstanceCountExceeded|InstanceLimitExceeded|VcpuLimitExceeded)$/;
const QUOTA = /LimitExceeded|CountExceeded|QuotaExceeded/;
const DENIED =
  /^(UnauthorizedOperation|AccessDenied(Exception)?|AuthFailure|InvalidClientTokenId|UnrecognizedClientException|ExpiredToken(Exception)?|SignatureDoesNotMatch|OptInRequired|MissingAuthenticationToken|CredentialsProviderError|Blocked)$/;
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO|TimeoutError|NetworkingError)$/;

/** AWS's code of an error, also of one that is not wrapped yet. */
export function reasonOf(error: unknown): string {
  if (error instanceof AwsError) return error.reason;
  const { Code, name = '', code, message = '' } = error as SdkError;
  // The SDK wraps what is an Error of another realm than its own.
  const wrapped = /^AWS SDK error wrapper for (\w+):/.exec(message)?.[1];
  if (wrapped !== undefined && code === undefined) return wrapped;
  return Code ?? (name === 'Error' || name === 'TypeError' || name === '' ? (code ?? name) : name);
}

/** Whether it is too much at once. */
export const isThrottled = (error: unknown): boolean => THROTTLED.test(reasonOf(error));
/** Whether there is no room for such an instance there, now or by quota: another type or zone may do. */
export const isCapacity = (error: unknown): boolean => CAPACITY.test(reasonOf(error));
/** Whether what was named is not there: not yet, or no more. */
export const isNotFound = (error: unknown): boolean =>
  /NotFound(Exception)?$|^NoSuchEntity(Exception)?$|^InvalidAMIID\.Unavailable$|^ParameterNotFound$/.test(
    reasonOf(error),
  );
/** Whether something of this name is there already. */
export const isDuplicate = (error: unknown): boolean =>
  /Duplicate$|AlreadyExistsException$|^EntityAlreadyExists(Exception)?$|^InvalidPermission\.Duplicate$/.test(
    reasonOf(error),
  );
/** Whether something else still uses it. */
export const isInUse = (error: unknown): boolean =>
  /^(DependencyViolation|InvalidSnapshot\.InUse|InvalidGroup\.InUse|DeleteConflict(Exception)?|IncorrectState)$/.test(
    reasonOf(error),
  );
/** Whether a dry run would have succeeded. */
export const isDryRunSuccess = (error: unknown): boolean => reasonOf(error) === 'DryRunOperation';

/** Whether a call that failed so may have done its work all the same. */
export function isDoubtful(error: unknown): boolean {
  const status = (error as SdkError).$metadata?.httpStatusCode;
  return status === undefined || (status >= 500 && !isThrottled(error) && !isCapacity(error));
}

/** Whether the same call may well succeed when it is made again. */
export function isRetryable(error: unknown): boolean {
  const status = (error as SdkError).$metadata?.httpStatusCode ?? 0;
  const reason = reasonOf(error);
  // That there is no room comes with status 500, and asking again does not make any.
  const isFault = status >= 500 && !CAPACITY.test(reason);
  return THROTTLED.test(reason) || TRANSIENT.test(reason) || NETWORK.test(reason) || isFault;
}

/** An SDK's error in goldsmith's words. */
export function awsError(call: CallName, error: unknown, where: string): AwsError {
  const reason = reasonOf(error);
  const { $metadata } = error as SdkError;
  const answered = $metadata?.httpStatusCode !== undefined;
  const said = trimmed(messageOf(error)) || reason;
  const name = call.slice(call.indexOf(':') + 1);
  if (DENIED.test(reason)) {
    return new AwsError('ACCESS_DENIED', `${name} was refused (${reason}): ${said}`, reason, answered, DENIED_HINT);
  }
  if (!answered && NETWORK.test(reason)) {
    return new AwsError('PLATFORM_UNAVAILABLE', `${where} does not answer: ${said}`, reason, false, UNREACHABLE_HINT);
  }
  if (isNotFound(error)) return new AwsError('NOT_FOUND', `${name}: ${said}`, reason, answered);
  const hint = QUOTA.test(reason) && !THROTTLED.test(reason) ? QUOTA_HINT : undefined;
  return new AwsError('INTERNAL', `${name} failed (${reason}): ${said}`, reason, answered, hint);
}

/** What went wrong, as the verb that failed says it; an error that already tells keeps its code. */
export function failed(code: ErrorCode, what: string, error: unknown): unknown {
  if (!GoldsmithError.is(error) || error.code === 'CANCELLED') return error;
  const kept = error.code === 'INTERNAL' || error.code === 'NOT_FOUND' ? code : error.code;
  const { hint, output } = error;
  return new GoldsmithError(kept, `${what}: ${error.message}`, { hint, output, cause: error });
}

function trimmed(text: string): string {
  return text.trim().replace(/\.$/, '');
}

const DENIED_HINT = 'see which credentials are used (`aws sts get-caller-identity`), and what they may do';
const UNREACHABLE_HINT = 'is `region` spelt right, and can this machine reach it?';
const QUOTA_HINT = 'ask for a higher quota in the Service Quotas console, or use another region or instance type';
