import { describeDriver } from 'goldsmith/testing';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { after, describe, test } from 'node:test';
import { folder } from 'goldsmith-folder';

const stateDir = mkdtempSync(path.join(tmpdir(), 'goldsmith-folder-'));
after(() => rmSync(stateDir, { recursive: true }));

/** What is there, seen without the driver: the suite kills, cancels and repeats, and then nothing may be left. */
async function remains(): Promise<string[]> {
  return ['machines', 'checkpoints'].flatMap((kind) => {
    try {
      return readdirSync(path.join(stateDir, 'folder', kind));
    } catch {
      return [];
    }
  });
}

describeDriver('goldsmith-folder', () => ({ extension: folder, stateDir, remains }), {
  describe: (name, body) => void describe(name, body),
  test: (name, body) => void test(name, body),
});
