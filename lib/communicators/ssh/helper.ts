import { GoldsmithError } from '../../errors';
import { shellQuote } from '../../util/quote';
import { Tail } from '../../util/tail';
import { runCommand, type Runner } from './run';

/** A small program that a transfer runs on the machine. */
export interface Helper {
  readonly script: string;
  readonly args: readonly string[];
  readonly stdin?: AsyncIterable<Uint8Array> | Uint8Array | undefined;
  readonly signal: AbortSignal;
  readonly onData?: (data: Buffer) => void | Promise<void>;
  /** What it does, for the error. */
  readonly doing: string;
}

/** Runs it; returns what it printed. Throws with what it said when it fails. */
export async function runHelper(runner: Runner, helper: Helper): Promise<string> {
  const { script, args, stdin, signal, onData, doing } = helper;
  const said = new Tail(5);
  const printed: Buffer[] = [];
  const body = args.length === 0 ? script : `set -- ${args.map(shellQuote).join(' ')}\n${script}`;
  const result = await runCommand(runner, {
    command: body,
    stdin,
    signal,
    onData: (data, stream) => {
      if (stream === 'stdout' && onData) return onData(data);
      if (stream === 'stderr') said.push(data.toString());
      else printed.push(data);
      return undefined;
    },
  });
  if (result.ended === 'disconnect') {
    throw new GoldsmithError('CONNECTION_LOST', `the connection to the machine broke off while ${doing}`, {
      hint: 'with `maxRetries` the step is tried again, and only what is missing is sent',
    });
  }
  if (result.ended === 'exit' && result.code === 0) return Buffer.concat(printed).toString();
  const why = said.toString().trim();
  const code = /no space left|disk quota exceeded/i.test(why) ? 'NO_SPACE' : 'TRANSFER_FAILED';
  throw new GoldsmithError(
    code,
    `${doing} failed: ${why || `it ended with ${result.ended === 'exit' ? `exit status ${result.code}` : result.signal}`}`,
    code === 'NO_SPACE' ? { hint: "the machine's disk is full: make it larger, or upload less" } : {},
  );
}
