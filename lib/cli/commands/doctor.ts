import * as path from 'node:path';
import { createTheme } from '../../reporters/theme';
import { doctorJson, doctorLines, isHealthy, runProbes } from '../doctor';
import { machineProbes } from '../doctor-probes';
import type { Io } from '../io';
import { platformProbes } from '../platform-probes';

/** Says what this machine can build and what is missing. */
export async function doctor(io: Io, flags: { readonly json?: boolean }): Promise<number> {
  const machine = {
    nodeVersion: process.version,
    env: io.env,
    projectDir: io.cwd,
    stateDir: path.join(io.cwd, '.goldsmith'),
  };
  const findings = await runProbes([...machineProbes(machine), ...platformProbes(machine)]);
  if (flags.json) io.stdout.write(doctorJson(findings));
  else
    io.stdout.write(
      `${doctorLines(findings, createTheme(io.colour), io.isTty ? io.size().columns : undefined).join('\n')}\n`,
    );
  return isHealthy(findings) ? 0 : 1;
}
