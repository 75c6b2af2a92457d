import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeIf } from '../helpers/requires';
import { hasEngine, NO_ENGINE } from '../helpers/docker';
import { Base } from '../platforms/docker/fixture';
import { hasQemu, makeDisk, makeFolder, NO_QEMU } from '../platforms/qemu/tools';
import { killAt, summary, undisturbed, type Ground, type Verdict } from './helpers/killing';
import type { Kill } from './helpers/programs/victim';

const MINUTES = 60_000;

/** Milliseconds after a creation was announced: it may not have been asked for, be under way, or be over. */
const DELAYS = [2, 15, 5, 10];

/** `count` moments of a kind. */
function moments(when: Kill['when'], count: number): Kill[] {
  return Array.from({ length: count }, (_, index) => ({
    when,
    at: index + 1,
    ...(when === 'during' && { delay: DELAYS[index % DELAYS.length]! }),
  }));
}

function check(name: string, verdicts: readonly Verdict[]): void {
  const text = summary(name, verdicts);
  process.stdout.write(`${text}\n`);
  expect(text).toBe(`${name}: ${verdicts.length} kills, 0 left`);
}

function killed(ground: () => Ground): void {
  let records: Awaited<ReturnType<typeof undisturbed>>;
  beforeAll(async () => {
    records = await undisturbed(ground());
  }, 2 * MINUTES);

  test(
    'leaves nothing behind when it is killed after any journal record',
    async () => {
      check(`${ground().platform}, after a record`, await killAt(ground(), moments('after', records.length)));
    },
    4 * MINUTES,
  );

  test(
    'leaves nothing behind when it is killed after a creation, before its id is known to the journal',
    async () => {
      const created = records.filter(({ type }) => type === 'created').length;
      check(`${ground().platform}, before an id`, await killAt(ground(), moments('before', created)));
    },
    4 * MINUTES,
  );

  test(
    'leaves nothing behind when it is killed while something is being created',
    async () => {
      const intents = records.filter(({ type }) => type === 'intent').length;
      check(`${ground().platform}, while creating`, await killAt(ground(), moments('during', intents)));
    },
    4 * MINUTES,
  );
}

describeIf(hasEngine, NO_ENGINE, 'a Docker build', () => {
  let base: Base;
  beforeAll(async () => {
    // It is saved and compressed hundreds of times.
    base = await Base.make(['VOLUME /data'], ['sh', 'cat', 'chmod', 'grep', 'head', 'mkdir', 'rm', 'sleep', 'tail']);
  });
  afterAll(async () => {
    await base.remove();
  });
  const ground = (): Ground => ({ platform: 'docker', base: base.name });
  killed(ground);

  test(
    'leaves nothing behind when the engine goes on with a commit after the kill',
    async () => {
      // The second creation is the first checkpoint, the fourth the artifact.
      const all = [2, 4].map((at): Kill => ({ when: 'during', at, delay: 100 }));
      check('docker, during a long commit', await killAt({ ...ground(), megabytes: 150 }, all));
    },
    4 * MINUTES,
  );
});

describeIf(hasQemu, NO_QEMU, 'a QEMU build', () => {
  let dir: string;
  beforeAll(() => {
    dir = makeFolder();
    makeDisk(path.join(dir, 'idle.img'), 'idle');
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));
  killed(() => ({ platform: 'qemu', base: path.join(dir, 'idle.img') }));
});

describe('a build on the machine itself', () => {
  killed(() => ({ platform: 'null', base: '' }));
});
