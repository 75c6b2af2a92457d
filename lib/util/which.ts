import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** The path of a command, looked for as a shell would; undefined where it is not installed. */
export async function findCommand(command: string, searchPath = ''): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];
  for (const folder of searchPath.split(path.delimiter).filter((part) => part !== '')) {
    for (const ending of endings) {
      const file = path.join(folder, command + ending);
      const found = await fs.access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found && (await fs.stat(file)).isFile()) return file;
    }
  }
  return undefined;
}
