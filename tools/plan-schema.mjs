/**
 * docs/plan.schema.json: the JSON Schema of plan.json, from the schemas that check a plan when it is read. With --update it
 * is written, else it is compared. Needs the compiled package.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { planJsonSchema } = require('./plan-schema.cjs');
const file = fileURLToPath(new URL('../docs/plan.schema.json', import.meta.url));
const current = `${JSON.stringify(planJsonSchema(), null, 2)}\n`;
if (process.argv.includes('--update')) {
  writeFileSync(file, current);
} else if (readFileSync(file, 'utf8') !== current) {
  process.stderr.write('docs/plan.schema.json is not current: npm run schema\n');
  process.exitCode = 1;
}
