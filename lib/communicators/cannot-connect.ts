import { GoldsmithError } from '../errors';
import { Tail } from '../util/tail';

/** What was tried to connect, in the end in vain. */
export interface Trial {
  readonly tries: number;
  /** Milliseconds. */
  readonly spent: number;
  readonly address: { readonly host: string; readonly port: number };
  /** Whether no later try can succeed. */
  readonly hopeless: boolean;
}

/** What makes the message. */
export interface CannotConnect {
  /** What was connected to: `SSH`. */
  readonly kind: string;
  /** User and address, and the way there. */
  readonly to: string;
  /** Name of the last step of the sequence that was reached. */
  readonly phase: string;
  readonly message: string;
  readonly hint: string;
  /** Reads what the machine's console shows. */
  readonly console: (() => Promise<string | undefined>) | undefined;
  readonly cause: unknown;
}

/** Lines of the console that a message has. */
const LINES = 15;

/** The error of a connection that could not be made: how far it came, where to, as whom, the last error, and the machine's console. */
export async function cannotConnect(what: CannotConnect, { tries, spent, hopeless }: Trial): Promise<GoldsmithError> {
  const { kind, to, phase, message, hint, cause } = what;
  const console = await what.console?.().catch(() => undefined);
  const effort = tries === 1 ? '1 try' : `${tries} tries`;
  const end = hopeless ? '' : ', and its time is up';
  return new GoldsmithError(
    'CONNECT_FAILED',
    `no ${kind} connection to ${to}: it came as far as ${phase} in ${effort} (${(spent / 1000).toFixed(1)} s)${end}; ` +
      `the last error: ${message}`,
    { hint, ...(console !== undefined && console !== '' && { output: lastLines(console) }), cause },
  );
}

function lastLines(text: string): string {
  const tail = new Tail(LINES);
  tail.push(text);
  return tail.toString();
}
