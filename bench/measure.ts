import { spawn } from 'node:child_process';
import * as fs from 'node:fs';

/** One run of a command. */
export interface Measured {
  /** Seconds from start to end. */
  readonly wall: number;
  /** Peak memory of the process itself, in MB. */
  readonly memory: number;
}

/** A command to measure. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end. Throws with its output where it fails. */
export async function measure({ argv, cwd, env }: Command): Promise<Measured> {
  const started = process.hrtime.bigint();
  const [program, ...args] = argv;
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  let memory = 0;
  const watch = setInterval(() => (memory = Math.max(memory, peakOf(child.pid))), 20);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearInterval(watch);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}\n${output.slice(-4000)}`);
  return { wall: Number(process.hrtime.bigint() - started) / 1e9, memory };
}

/** The kernel keeps the peak: VmHWM of proc(5). */
function peakOf(pid: number | undefined): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match ? Number(match[1]) / 1024 : 0;
  } catch {
    return 0;
  }
}

/** The middle of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A contestant: made ready before each run, which is not measured. */
export interface Contestant {
  readonly name: string;
  prepare?(): void | Promise<void>;
  readonly command: Command;
}

/** Runs contestants in turns, so that a machine whose speed drifts is fair to all; one uncounted round first. */
export async function compare(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Map<string, readonly Measured[]>> {
  const results = new Map<string, Measured[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, prepare, command } of contestants) {
      await prepare?.();
      const measured = await measure(command);
      if (round > 0) results.get(name)!.push(measured);
    }
  }
  return results;
}
