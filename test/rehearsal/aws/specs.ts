import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeIf } from '../../helpers/requires';

const BESIDE = path.resolve(__dirname, '../../../../shared/specs');

/** Where the published models of the clouds are: they are read, and never part of this repository. */
export const SPECS = process.env['GOLDSMITH_SPECS'] ?? BESIDE;

const ready = fs.existsSync(path.join(SPECS, 'aws'));
const reason = `the published models are not in ${SPECS}: name their folder in GOLDSMITH_SPECS`;

/**
 * A describe of what needs the models. Where no folder of them was named and none is beside the repository they cannot be had,
 * so that this is a skip also where GOLDSMITH_REQUIRE_ALL=1; a folder that was named must be there.
 */
export function describeWithSpecs(name: string, body: () => void): void {
  if (ready || process.env['GOLDSMITH_SPECS'] !== undefined) describeIf(ready, reason, name, body);
  else describe.skip(`${name} [skipped: ${reason}; where there is none, nothing requires it]`, body);
}

/** Whether the models are there. */
export function hasSpecs(): boolean {
  return ready;
}

/** A file of the models, read as JSON. */
export function spec(...file: readonly string[]): unknown {
  return JSON.parse(fs.readFileSync(path.join(SPECS, ...file), 'utf8'));
}
