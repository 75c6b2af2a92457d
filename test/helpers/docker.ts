import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';

/** Socket of the Docker Engine that tests use: that of DOCKER_HOST where it names one, else Docker's own. */
export const engineSocket = /^unix:\/\/(.+)$/.exec(process.env['DOCKER_HOST'] ?? '')?.[1] ?? '/var/run/docker.sock';

const PING = `require('http').get({ socketPath: process.argv[1], path: '/_ping' }, (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))`;

/** Whether a Docker Engine answers on this machine. */
export const hasEngine =
  fs.existsSync(engineSocket) && spawnSync(process.execPath, ['-e', PING, engineSocket]).status === 0;

/** Why a suite that needs one is skipped. */
export const NO_ENGINE = `no Docker Engine answers at ${engineSocket}`;

/** Whether programs are installed. */
export function hasPrograms(...names: readonly string[]): boolean {
  return names.every((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);
}
