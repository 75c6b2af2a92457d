import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { eachOf } from '../../../faults/helpers/child';
import { isRoot } from '../../../platforms/sandbox/able';
import { openRoom } from './account';
import { figures, problems } from './figures';
import { tryOnce } from './trial';

/** `npm run faults -- 1000 --seed 1 --parallel 4 --from 1` */
async function main(args: readonly string[]): Promise<void> {
  const option = (name: string, standard: number): number => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? standard : Number(args[at + 1]);
  };
  const count = Number(args[0] ?? 20);
  const seed = option('seed', 1);
  const from = option('from', 1);
  const started = Date.now();
  const stateDir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-faults-room-'));
  const room = isRoot ? await openRoom(stateDir) : undefined;
  try {
    const place = room && { room, store: path.join(stateDir, 'sandbox') };
    let done = 0;
    const numbers = Array.from({ length: count }, (_, index) => from + index);
    const verdicts = await eachOf(numbers, option('parallel', 4), async (number) => {
      const verdict = await tryOnce(seed, number, place);
      done += 1;
      for (const line of problems(verdict)) process.stdout.write(`${line}\n`);
      if (done % 25 === 0)
        process.stderr.write(`${done} of ${count}, ${Math.round((Date.now() - started) / 1000)} s\n`);
      return verdict;
    });
    process.stdout.write(`${figures(verdicts, Date.now() - started)}\n`);
    process.exitCode = verdicts.some((verdict) => problems(verdict).length > 0) ? 1 : 0;
  } finally {
    await room?.close();
    fs.rmSync(stateDir, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2));
