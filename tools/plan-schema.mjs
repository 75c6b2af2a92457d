/**
 * Writes docs/plan.schema.json, from the schemas that check a plan when it is read. Needs the compiled package. That the file
 * is current is a test: test/plan/json-schema.test.ts.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { planJsonSchema } = require('./plan-schema.cjs');
const { planSchema } = require('../dist/plan/schema.js');

const entryPoints = [
  'index',
  'platforms/docker',
  'platforms/sandbox',
  'platforms/qemu',
  'platforms/null',
  'platforms/aws',
];
const schema = planJsonSchema(
  planSchema,
  entryPoints.map((name) => require(`../dist/${name}`)),
);
const file = fileURLToPath(new URL('../docs/plan.schema.json', import.meta.url));
writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
