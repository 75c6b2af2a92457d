import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A question, and where it is asked. */
export interface PromptOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly question: string;
  /** Takes the question back: the answer rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The latest question on each input: several builds may ask at once, and one person answers one at a time. */
const waiting = new WeakMap<Readable, Promise<unknown>>();

/**
 * Asks the person in front. Resolves with the line that was typed, without white space around it, and with an empty text
 * where the input has ended. Questions that come meanwhile wait for their turn.
 */
export function prompt(options: PromptOptions): Promise<string> {
  const { input, signal } = options;
  const turn = (waiting.get(input) ?? Promise.resolve()).then(() => {
    signal?.throwIfAborted();
    return askNow(options);
  });
  waiting.set(
    input,
    turn.catch(() => undefined),
  );
  return turn;
}

function askNow({ input, output, question, signal }: PromptOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    // Not readline's own line editing: it would take Ctrl-C as a key, and no signal would reach the process.
    const lines = createInterface({ input, terminal: false });
    const settle = (end: () => void): void => {
      signal?.removeEventListener('abort', abort);
      lines.off('close', ended).off('line', answered).close();
      // Reading on would hold the process open.
      input.pause();
      end();
    };
    const abort = (): void => {
      output.write('\n');
      settle(() => reject(signal?.reason));
    };
    signal?.addEventListener('abort', abort, { once: true });
    const ended = (): void => settle(() => resolve(''));
    const answered = (answer: string): void => settle(() => resolve(answer.trim()));
    lines.once('close', ended).once('line', answered);
    output.write(question);
  });
}
