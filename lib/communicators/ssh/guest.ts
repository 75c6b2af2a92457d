import { GoldsmithError } from '../../errors';
import type { Clock } from '../../extension/context';
import { startCommand } from './channel';
import type { Line } from './line';

/** How long a command took to begin, in milliseconds. */
export interface Took {
  /** Until the machine said that it is started: two round trips at least. */
  readonly start: number;
  /** From then on until it spoke: what the login shell did first. */
  readonly login: number;
}

/** What was learnt of the machine by the first command. */
export interface Guest {
  readonly kind: 'unix' | 'windows';
  /** Whether the login shell reads quotes as POSIX does. */
  readonly plainShell: boolean;
  /** Commands that are there, of those that transfers can use. */
  readonly tools: ReadonlySet<string>;
  /** Whether a shell can be started there that waits for its command: see `Spares`. */
  readonly canWait: boolean;
  /** How long the first command took, in milliseconds. */
  readonly took: Took;
}

const TOOLS = ['tar', 'find', 'sha256sum', 'shasum', 'scp', 'stat', 'touch'];
/** Shells that read quotes as POSIX does. */
const PLAIN = /(^|\/)(sh|bash|rbash|dash|ash|busybox|zsh|ksh|ksh93|mksh|lksh|yash)$/;

/** Readable by any shell of unix: no line break, no exclamation mark, no quote within quotes. */
const ASK_UNIX = `exec /bin/sh -c 'echo; echo goldsmith unix "$SHELL"; for t in ${TOOLS.join(' ')}; do command -v $t >/dev/null 2>&1 && echo $t; done; [ -z "$SSH_ORIGINAL_COMMAND" ] && [ -r /proc/$$/environ ] && command -v tr >/dev/null 2>&1 && command -v env >/dev/null 2>&1 && echo waits; exit 0'`;
/** cmd.exe fills in what stands between the percent signs; PowerShell what starts with a dollar. */
const ASK_WINDOWS = 'echo goldsmith %OS% $env:OS';

/** Asks what kind of machine it is, by its first command: so a command is known to run, too. */
export async function askGuest(line: Line, clock: Clock, signal: AbortSignal): Promise<Guest> {
  const unix = await answerTo(line, clock, ASK_UNIX, signal);
  const [, shell] = /^goldsmith unix (.*)$/m.exec(unix.printed) ?? [];
  if (shell !== undefined) {
    const tools = unix.printed.slice(unix.printed.indexOf('goldsmith unix')).split('\n').slice(1);
    const has = new Set(tools.map((tool) => tool.trim()));
    const plainShell = PLAIN.test(shell.trim());
    return { kind: 'unix', plainShell, tools: has, canWait: plainShell && has.has('waits'), took: unix.took };
  }
  const windows = await answerTo(line, clock, ASK_WINDOWS, signal);
  if (/goldsmith .*Windows_NT/.test(windows.printed))
    return { kind: 'windows', plainShell: false, tools: new Set(), canWait: false, took: windows.took };
  throw new GoldsmithError(
    'CONNECT_FAILED',
    'the machine lets us log in, but runs no command: it has neither /bin/sh nor Windows',
    {
      hint: "see the login shell, and the SSH server's ForceCommand",
      output: `${unix.all}${windows.all}`.slice(-2000) || undefined,
    },
  );
}

interface Answer {
  readonly printed: string;
  /** With what came on standard error. */
  readonly all: string;
  readonly took: Took;
}

async function answerTo(line: Line, clock: Clock, command: string, signal: AbortSignal): Promise<Answer> {
  const started = await startCommand(line, clock, command, { signal, pty: false });
  if (started === 'disconnect') return { printed: '', all: '', took: { start: 0, login: 0 } };
  const { channel, took = 0 } = started;
  const from = clock.now();
  const answer = { printed: '', all: '' };
  await new Promise<void>((resolve) => {
    const stop = (): void => channel.close();
    signal.addEventListener('abort', stop, { once: true });
    channel.on('data', (data: Buffer) => {
      answer.printed += data.toString();
      answer.all += data.toString();
    });
    // A login shell may complain of its own files at any time.
    channel.stderr.on('data', (data: Buffer) => (answer.all += data.toString()));
    channel.once('close', () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    channel.end();
  });
  signal.throwIfAborted();
  return { ...answer, took: { start: took, login: clock.now() - from } };
}
