import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { RunContext } from '../../extension/context';
import type { ProgressLine } from './engine-types';
import { answerError } from './errors';

/** The JSON lines of a stream, wherever its chunks are cut. Throws what the engine reports as an error in them. */
export async function* progressLines(stream: Readable): AsyncGenerator<ProgressLine> {
  const decoder = new StringDecoder('utf8');
  let open = '';
  for await (const chunk of stream) {
    const lines = (open + decoder.write(chunk as Buffer)).split('\n');
    open = lines.pop() ?? '';
    for (const line of lines) yield* parse(line);
  }
  yield* parse(open + decoder.end());
}

function* parse(text: string): Generator<ProgressLine> {
  if (text.trim() === '') return;
  const line = JSON.parse(text) as ProgressLine;
  const message = line.errorDetail?.message ?? line.error;
  if (message !== undefined) throw answerError(line.errorDetail?.code, message);
  yield line;
}

/** Shows the layers of a pull or push as bars, and passes every line on. */
export async function* withLayerProgress(
  what: string,
  lines: AsyncIterable<ProgressLine>,
  ctx: Pick<RunContext, 'progress'>,
): AsyncGenerator<ProgressLine> {
  for await (const line of lines) {
    const { current, total } = line.progressDetail ?? {};
    // Unpacking reports the same layer again, from zero: only the transfer is shown.
    const moves = line.status === 'Downloading' || line.status === 'Pushing';
    if (moves && line.id !== undefined && current !== undefined) {
      ctx.progress({ label: `${what} layer ${line.id}`, current, ...(total ? { total } : {}), unit: 'bytes' });
    }
    yield line;
  }
}
