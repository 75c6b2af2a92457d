import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { formatBytes } from '../reporters/units';
import type { Probe, ProbeResult } from './doctor';

/** What the probes look at, so that tests can show them another machine. */
export interface ProbeMachine {
  /** Such as `v20.19.0`. */
  readonly nodeVersion: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly projectDir: string;
  readonly stateDir: string;
}

/** Oldest Node that goldsmith runs on; the same as `engines` in package.json. */
const OLDEST_NODE = [20, 19, 0] as const;
/** Below this there is little room for an image. */
const LITTLE_SPACE = 2e9;

/** Tools that make more possible, and for what. */
const TOOLS = [
  { name: 'git', use: 'to bring a project under version control', install: 'git' },
  { name: 'zstd', use: 'to compress with zstd, and to read zstd layers', install: 'zstd' },
  { name: 'lz4', use: 'to compress with lz4', install: 'lz4' },
  { name: 'bzip2', use: 'to compress with bzip2', install: 'bzip2' },
  { name: 'mmdebstrap', use: 'for Debian bases without a registry', install: 'mmdebstrap' },
] as const;

/** The probes of what belongs to no platform. Platforms add their own. */
export function machineProbes(machine: ProbeMachine): Probe[] {
  return [
    { name: 'node', probe: () => Promise.resolve(nodeProbe(machine.nodeVersion)) },
    { name: 'state folder', probe: () => writable(machine.stateDir) },
    { name: 'project folder', probe: () => writable(machine.projectDir) },
    { name: 'free disk space', probe: () => space(machine.stateDir) },
    ...TOOLS.map((tool): Probe => ({
      name: tool.name,
      group: 'optional tools',
      optional: true,
      probe: async (signal) => {
        const version = await firstLine(tool.name, machine.env, signal);
        if (version !== undefined) return { ok: true, detail: version };
        return {
          ok: false,
          detail: `not found; needed ${tool.use}`,
          fix: `install ${tool.install} with the system's package manager`,
        };
      },
    })),
  ];
}

function nodeProbe(version: string): ProbeResult {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  const difference = OLDEST_NODE.map((part, index) => (parts[index] ?? 0) - part).find((delta) => delta !== 0) ?? 0;
  if (difference >= 0) return { ok: true, detail: version };
  return {
    ok: false,
    detail: `${version}; ${OLDEST_NODE.join('.')} or newer is needed`,
    fix: 'install a newer Node: https://nodejs.org',
  };
}

/** Whether files can be made in a folder, which need not be there yet. Nothing is written. */
async function writable(dir: string): Promise<ProbeResult> {
  const nearest = await nearestFolder(dir);
  try {
    await fs.access(nearest, fs.constants.W_OK);
    return { ok: true, detail: nearest === dir ? dir : `${dir} (not there yet)` };
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'EROFS' ? 'is on a read-only file system' : 'cannot be written';
    return {
      ok: false,
      detail: `${nearest} ${why}`,
      fix: 'choose another folder with --state, or change its permissions',
    };
  }
}

async function space(dir: string): Promise<ProbeResult> {
  const nearest = await nearestFolder(dir);
  const { bavail, bsize } = await fs.statfs(nearest);
  const free = bavail * bsize;
  const detail = `${formatBytes(free)} at ${nearest}`;
  if (free >= LITTLE_SPACE) return { ok: true, detail };
  return {
    ok: false,
    detail: `only ${detail}`,
    fix: 'make room, or keep the state elsewhere with --state',
  };
}

async function nearestFolder(dir: string): Promise<string> {
  for (let at = path.resolve(dir); ; at = path.dirname(at)) {
    const there = await fs.stat(at).catch(() => undefined);
    if (there?.isDirectory() === true || at === path.dirname(at)) return at;
  }
}

/** The first line that `--version` prints; undefined where the tool is not there. */
function firstLine(tool: string, env: ProbeMachine['env'], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      tool,
      ['--version'],
      { env: { ...env }, signal, timeout: 5000, encoding: 'utf8' },
      (error, out, err) => {
        // Some tools print their version and end with a failure; only one that could not be started is missing.
        if (error && typeof error.code !== 'number') return resolve(undefined);
        resolve(
          `${out}\n${err}`
            .split('\n')
            .find((line) => line.trim() !== '')
            ?.trim() ?? 'there',
        );
      },
    );
    // bzip2 prints its version and then waits for data.
    child.stdin?.end();
  });
}
