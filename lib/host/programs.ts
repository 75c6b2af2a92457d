import * as fs from 'node:fs';
import * as path from 'node:path';

/** An environment. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Where programs for root live: missing from the PATH of many a user. */
const EXTRA = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Absolute path of a program of this machine. */
export function findTool(name: string, env: Env): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(':').filter((folder) => path.isAbsolute(folder)), ...EXTRA];
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

/** The environment of this machine's own programs: messages in English, nothing of the user's but where things are. */
export function hostEnv(env: Env): Record<string, string> {
  const kept: Record<string, string> = {
    LC_ALL: 'C',
    PATH: [env['PATH'] ?? '', ...EXTRA].filter((part) => part !== '').join(':'),
  };
  for (const name of [
    'HOME',
    'TMPDIR',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
  ]) {
    const value = env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
