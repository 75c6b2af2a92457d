import { GoldsmithError, messageOf, type ErrorCode } from '../../errors';
import type { Endpoint } from './endpoint';

/** An answer of the engine that is no success, or no answer. */
export class EngineError extends GoldsmithError {
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    status: number | undefined,
    details: { hint?: string; cause?: unknown } = {},
  ) {
    super(code, message, details);
    this.status = status;
  }
}

/** Whether what was asked for does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404;
}

/** Whether the engine refused because of the state that something is in. */
export function isConflict(error: unknown): boolean {
  return error instanceof EngineError && error.status === 409;
}

/** Whether the engine could not be reached at all. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'PLATFORM_UNAVAILABLE';
}

/** The error for an answer with this status and message. Codes of what can be told apart; else `INTERNAL`, for {@link failed} to replace. */
export function answerError(status: number | undefined, message: string): EngineError {
  const text = message.trim().replace(/\.$/, '');
  if (/no space left on device|disk quota exceeded/i.test(text)) {
    return new EngineError('NO_SPACE', `the Docker Engine has no space left: ${text}`, status, {
      hint: 'free space where the engine keeps its data, for instance with `docker system prune`, and run it again',
    });
  }
  if (isDenied(status, text)) return new EngineError('ACCESS_DENIED', text, status);
  if (status === 404 || /manifest unknown|manifest for .* not found|no matching manifest/i.test(text)) {
    return new EngineError('NOT_FOUND', text, status);
  }
  return new EngineError('INTERNAL', text, status);
}

/** Registries and engines say it in many ways, also with status 404 or 500. */
function isDenied(status: number | undefined, text: string): boolean {
  return (
    status === 401 ||
    status === 403 ||
    /unauthorized|authentication required|no basic auth credentials|access denied|denied:|incorrect username or password/i.test(
      text,
    )
  );
}

/** The error for an engine that does not answer. */
export function unreachable(endpoint: Endpoint, cause: unknown): EngineError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const why = REASONS[code ?? ''] ?? messageOf(cause);
  const tried = endpoint.tried.length > 1 ? `; tried were ${endpoint.tried.join(', ')}` : '';
  return new EngineError(
    'PLATFORM_UNAVAILABLE',
    `no Docker Engine answers at ${endpoint.url} (${endpoint.origin}): ${why}${tried}`,
    undefined,
    {
      cause,
      hint:
        code === 'EACCES'
          ? ACCESS_HINT
          : `start Docker, or say where it is with DOCKER_HOST or DOCKER_CONTEXT${SEE_DOCTOR}`,
    },
  );
}

/** Ends the hints of {@link unreachable}; of no use to who asks the doctor. */
export const SEE_DOCTOR = '; `goldsmith doctor` says more';

const ACCESS_HINT = `add your user to the group that owns the socket (usually \`docker\`), or use another engine${SEE_DOCTOR}`;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'this user may not open it',
  EPERM: 'this user may not open it',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name could not be looked up',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'its host cannot be reached',
};

/** Whether an error of the network layer means that the engine is not there. */
export function isNetworkError(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined)
    return code in REASONS || code === 'ENETUNREACH' || /^ERR_(SSL|TLS)|CERT|UNABLE_TO|SELF_SIGNED|EPROTO/.test(code);
  return /socket hang up|certificate/i.test(message);
}

/**
 * What went wrong, as the verb that failed says it. An error that already tells (no engine, no space, denied) keeps its
 * code; one that only repeats the engine's words gets `code`.
 */
export function failed(code: ErrorCode, what: string, error: unknown, hint?: string): unknown {
  if (!GoldsmithError.is(error)) return error;
  if (error.code === 'PLATFORM_UNAVAILABLE' || error.code === 'CANCELLED') return error;
  const kept = error.code === 'INTERNAL' || error.code === 'NOT_FOUND' ? code : error.code;
  const advice = hint ?? error.hint;
  return new GoldsmithError(kept, `${what}: ${error.message}`, {
    ...(advice !== undefined && { hint: advice }),
    cause: error,
  });
}
