/**
 * Writes docs/reference/, from the comments in lib/ and the schemas of the extensions. Needs the compiled package. That the pages
 * are current is a test: test/reference.test.ts.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { reference } = require('./reference/index.cjs');

const folder = fileURLToPath(new URL('../docs/reference', import.meta.url));
const { files } = reference((name) => require(`../dist/${name}`));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [file, text] of files) writeFileSync(path.join(folder, file), text);
