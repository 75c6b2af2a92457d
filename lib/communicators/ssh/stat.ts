import { runHelper } from './helper';
import type { Runner } from './run';

/** Size, time and mode of a file of the machine; empty where they cannot be told. */
export async function statOf(runner: Runner, remote: string, signal: AbortSignal): Promise<string> {
  const script = '[ -L "$1" ] || stat -c "%s %Y %a" "$1" 2>/dev/null; exit 0';
  return (await runHelper(runner, { script, args: [remote], signal, doing: `looking at ${remote}` })).trim();
}
