import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { has } from '../../helpers/programs';

/** Where moto and aws-cli are kept from one run to the next. */
const DIR = path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'goldsmith-ci/moto');

/** How to get what is missing. */
export const HOW = 'test/rehearsal/aws/make-tools.sh ~/.cache/goldsmith-ci/moto makes them, with python3-venv and PyPI';

/** The path of a program of that environment, or its name where it is installed otherwise; undefined where it is not here. */
export function tool(name: 'moto_server' | 'aws' | 'python'): string | undefined {
  if (process.env['GOLDSMITH_REQUIRE_ALL'] === '1' && !isMade()) make();
  if (isMade()) return path.join(DIR, 'bin', name);
  // Any Python would do, but not without boto3.
  return name !== 'python' && has(name) ? name : undefined;
}

function isMade(): boolean {
  return fs.existsSync(path.join(DIR, 'done'));
}

function make(): void {
  try {
    execFileSync(path.join(__dirname, 'make-tools.sh'), [DIR], { stdio: 'pipe' });
  } catch (error) {
    process.stderr.write(
      `moto and aws-cli cannot be made: ${(error as { stderr?: Buffer }).stderr?.toString() ?? ''}\n`,
    );
  }
}
