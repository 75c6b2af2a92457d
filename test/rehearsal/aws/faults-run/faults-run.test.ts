import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Room } from '../../../../lib/rehearsal/machines/computer';
import { eachOf } from '../../../faults/helpers/child';
import { describeIf } from '../../../helpers/requires';
import { isRoot } from '../../../platforms/sandbox/able';
import { openRoom } from './account';
import { figures, problems } from './figures';
import { tryOnce } from './trial';

/** A small share of what `npm run faults` does: always the same. */
const RUNS = 10;
const MINUTES = 60_000;

describeIf(isRoot, 'root on Linux is needed for machines', 'builds on AWS with trouble and kills', () => {
  let stateDir: string;
  let room: Room;
  beforeAll(async () => {
    stateDir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-faults-room-'));
    room = await openRoom(stateDir);
  }, MINUTES);
  afterAll(async () => {
    await room.close();
    fs.rmSync(stateDir, { recursive: true, force: true });
  }, MINUTES);

  test(
    'leave nothing behind, publish nothing wrong and show no secret',
    async () => {
      const numbers = Array.from({ length: RUNS }, (_, index) => index + 1);
      const started = Date.now();
      const place = { room, store: path.join(stateDir, 'sandbox') };
      const verdicts = await eachOf(numbers, 3, (number) => tryOnce(1, number, place));
      process.stdout.write(`${figures(verdicts, Date.now() - started)}\n`);
      expect(verdicts.flatMap(problems)).toEqual([]);
      expect(verdicts.filter(({ killed }) => killed).length).toBeGreaterThan(RUNS / 3);
    },
    5 * MINUTES,
  );
});
