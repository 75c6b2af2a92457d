/** As which version of AWS's plugin we speak: agents choose by it how. */
export const CLIENT_VERSION = '1.3.0.0';

/** The first message of a data channel, as text. */
export function openDataChannel(token: string, clientId: string, requestId: string): string {
  return JSON.stringify({
    MessageSchemaVersion: '1.0',
    RequestId: requestId,
    TokenValue: token,
    ClientId: clientId,
    ClientVersion: CLIENT_VERSION,
  });
}

/** What an agent asks for before data goes either way. */
export interface HandshakeRequest {
  readonly AgentVersion: string;
  readonly RequestedClientActions: readonly { readonly ActionType: string; readonly ActionParameters: unknown }[];
}

/** What is answered, and what was asked that this side cannot do. */
export interface HandshakeAnswer {
  readonly response: Buffer;
  readonly refused: string | undefined;
}

const SUCCESS = 1;
const FAILED = 2;
const UNSUPPORTED = 3;

/** Answers an agent: a session to a port is all that this side can do. */
export function answerHandshake({ RequestedClientActions: actions }: HandshakeRequest): HandshakeAnswer {
  const answers = actions.map(({ ActionType, ActionParameters }) => {
    const { SessionType } = (ActionParameters ?? {}) as { readonly SessionType?: string };
    const isPort = ActionType === 'SessionType' && SessionType === 'Port';
    const problem = isPort ? '' : problemWith(ActionType, SessionType);
    const ActionStatus = isPort ? SUCCESS : ActionType === 'SessionType' ? FAILED : UNSUPPORTED;
    return { ActionType, ActionStatus, ActionResult: null, Error: problem };
  });
  const errors = answers.flatMap(({ Error: problem }) => (problem === '' ? [] : [problem]));
  const response = {
    ClientVersion: CLIENT_VERSION,
    ProcessedClientActions: answers,
    Errors: errors.length > 0 ? errors : null,
  };
  return { response: Buffer.from(JSON.stringify(response)), refused: errors[0] };
}

function problemWith(action: string, session: string | undefined): string {
  if (action === 'KMSEncryption') {
    return 'the preferences of Session Manager ask for encryption with a KMS key, which goldsmith cannot do';
  }
  return action === 'SessionType' ? `a session of the type ${session} is not one to a port` : `unknown: ${action}`;
}

/** From which version on, not including it, agents carry several connections at once, and from which without keepalives. */
export const SEVERAL_AFTER = '3.0.196.0';
/** See {@link SEVERAL_AFTER}. */
export const NO_KEEPALIVE_AFTER = '3.1.1511.0';

/** Whether a version is later than another. */
export function isAfter(version: string, other: string): boolean {
  const numbers = (text: string): number[] => text.split('.').map(Number);
  const theirs = numbers(other);
  const [difference] = numbers(version)
    .map((part, index) => part - (theirs[index] ?? 0))
    .filter((part) => part !== 0);
  return (difference ?? 0) > 0;
}
