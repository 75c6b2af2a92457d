import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { findTool } from '../../../lib/platforms/sandbox/machine/tools';
import { hasEngine } from '../../helpers/docker';

/** Whether a program is on this machine. */
export function has(program: string): boolean {
  return findTool(program, process.env) !== undefined;
}

/** Whether this is Linux, as root: what most of the tests need. */
export const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Whether a Docker Engine answers, and its command line is there to ask it. */
export const hasDocker = has('docker') && hasEngine;

/** Runs a program of this machine, and gives what it printed. */
export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Mounts of this machine that a path occurs in. */
export function mountsWith(path: string): string[] {
  return run('cat', '/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(path));
}

/** Command lines of all processes of this machine that have a word in them. */
export function processesWith(word: string): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(word));
}
