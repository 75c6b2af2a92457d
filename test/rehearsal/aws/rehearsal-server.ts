import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';

export const MAIN = path.resolve(__dirname, '../../../dist/cli/main.js');
/** Whether this goldsmith can rehearse AWS, and is compiled. */
export const HAS_REHEARSAL =
  fs.existsSync(MAIN) && fs.existsSync(path.resolve(__dirname, '../../../dist/rehearsal/aws'));
export const NO_REHEARSAL = 'goldsmith is not compiled with its rehearsal of AWS: npx tsc --build';

/** Our AWS, as other tools see it: a process of its own, known by its endpoint alone. */
export interface RehearsalServer {
  readonly url: string;
  /** What it said. */
  output(): string;
  /** Interrupts it, and gives the status that it ends with. */
  stop(): Promise<number | null>;
}

/** Milliseconds. */
const START = 30_000;

/** Runs `goldsmith rehearse --serve aws`, and comes back when it says its endpoint. */
export async function startRehearsal(...args: readonly string[]): Promise<RehearsalServer> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-rehearsal-'));
  const child = spawn(process.execPath, [MAIN, 'rehearse', '--serve', 'aws', ...args], {
    cwd: dir,
    env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT');
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const status = await ended;
    clearTimeout(late);
    fs.rmSync(dir, { recursive: true, force: true });
    return status;
  };
  const url = await new Promise<string | undefined>((resolve) => {
    const late = setTimeout(() => resolve(undefined), START);
    createInterface(child.stdout).on('line', (line) => {
      said += `${line}\n`;
      const found = endpointIn(line);
      if (found !== undefined) resolve(found);
    });
    void ended.then(() => resolve(undefined)).finally(() => clearTimeout(late));
  });
  if (url === undefined) {
    await stop();
    throw new Error(`the rehearsal said no endpoint:\n${said}`);
  }
  return { url, output: () => said, stop };
}

/** The address in a line of JSON. */
function endpointIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const values: unknown[] = Object.values(JSON.parse(line) as object);
  return values.find((value): value is string => typeof value === 'string' && /^https?:\/\//.test(value));
}
