import * as fs from 'node:fs/promises';
import type { Clock } from '../../extension/context';
import type { Engine } from './engine';

/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE = 2000;

/**
 * Ends a running command and everything that it started. The API can start a command but not end one, so a second
 * command does it from within: whatever has a parent outside of the container was started so.
 *
 * @param ended aborted when the command's connection has closed
 */
export async function stopCommand(
  engine: Engine,
  container: string,
  exec: string,
  clock: Clock,
  ended: AbortSignal,
): Promise<void> {
  const pid = await pidInside(engine, exec);
  for (const name of ['TERM', 'KILL']) {
    await signalCommand(engine, container, name, pid);
    await clock.sleep(GRACE, ended).catch(() => undefined);
    if (ended.aborted) return;
  }
}

/** $1 is the signal, $2 the command's process where it is known. Only what a shell has built in, for there may be nothing else. */
const SCRIPT = `
name=$1 wanted=$2 all= victims=
for file in /proc/[0-9]*/stat; do
  IFS= read -r line <"$file" || continue
  pid=\${line%% *}
  set -- \${line##*) }
  all="$all $pid:$2"
  if [ "$2" = 0 ] && [ "$pid" != 1 ] && [ "$pid" != $$ ]; then
    victims="$victims $pid"
    [ "$pid" = "$wanted" ] && only=$pid
  fi
done 2>/dev/null
victims=" \${only:-$victims} "
found=1
while [ $found = 1 ]; do
  found=0
  for entry in $all; do
    case $victims in *" \${entry%%:*} "*) continue ;; esac
    case $victims in *" \${entry##*:} "*) victims="$victims\${entry%%:*} " found=1 ;; esac
  done
done
kill -s "$name" $victims 2>/dev/null
exit 0
`;

async function signalCommand(engine: Engine, container: string, name: string, pid: string): Promise<void> {
  try {
    const exec = await engine.createExec(container, { Cmd: ['/bin/sh', '-c', SCRIPT, 'sh', name, pid], User: '0' });
    const connection = await engine.startExec(exec, false);
    connection.resume();
    await new Promise<void>((resolve) => connection.once('close', resolve).once('error', () => resolve()));
  } catch {
    // The container is gone, or the engine is: then so is the command.
  }
}

/**
 * The command's process id as the container counts, where the engine runs on this machine: the last of NSpid, see proc(5).
 * Empty where it cannot be known: then every command that runs in the container is ended.
 */
async function pidInside(engine: Engine, exec: string): Promise<string> {
  if (!engine.endpoint.local) return '';
  try {
    const { Pid } = await engine.exec(exec);
    const numbers =
      /^NSpid:\s*(.+)$/m
        .exec(await fs.readFile(`/proc/${Pid}/status`, 'utf8'))?.[1]
        ?.trim()
        .split(/\s+/) ?? [];
    return numbers.length > 1 ? numbers.at(-1)! : '';
  } catch {
    return '';
  }
}
