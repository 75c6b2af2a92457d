import * as os from 'node:os';
import { Extensions } from '../engine/extensions';
import { idleContext } from '../engine/idle-context';
import type { Probe } from './doctor';
import type { ProbeMachine } from './doctor-probes';

/** Platforms that can say of a machine whether they can build on it. */
const MODULES: Readonly<Record<string, string>> = {
  sandbox: 'goldsmith/sandbox',
  docker: 'goldsmith/docker',
  qemu: 'goldsmith/qemu',
};

/** What the platforms say of this machine: each is asked by its own probe. */
export function platformProbes({ env, projectDir, stateDir }: ProbeMachine): Probe[] {
  const extensions = new Extensions(MODULES, projectDir);
  return Object.keys(MODULES).map((use) => ({
    name: use,
    group: 'platforms',
    optional: true,
    probe: async (signal) => {
      const ctx = idleContext({ projectDir, stateDir, tempDir: os.tmpdir(), env, signal });
      return (await extensions.get('platform', use).probe?.(ctx)) ?? { ok: true, detail: 'nothing to check' };
    },
  }));
}
