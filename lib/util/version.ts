import * as fs from 'node:fs';
import * as path from 'node:path';

/** Version of this package: of the package.json above this file, compiled or not. */
export const VERSION: string = (
  JSON.parse(fs.readFileSync(path.resolve(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }
).version;
