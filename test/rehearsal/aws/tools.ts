import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { has } from '../../helpers/programs';
import type { ServiceModel } from './model/service-model';

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

/** The published model of a service, as botocore has it; undefined where that is not here. */
export function botocoreModel(service: string): ServiceModel | undefined {
  if (tool('python') === undefined) return undefined;
  const known = models.get(service);
  if (known) return known;
  const python = fs.readdirSync(path.join(DIR, 'lib')).find((name) => name.startsWith('python'))!;
  const folder = path.join(DIR, 'lib', python, 'site-packages/botocore/data', service);
  const version = fs.readdirSync(folder).sort().at(-1)!;
  const model = JSON.parse(
    gunzipSync(fs.readFileSync(path.join(folder, version, 'service-2.json.gz'))).toString(),
  ) as ServiceModel;
  models.set(service, model);
  return model;
}

const models = new Map<string, ServiceModel>();

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
