import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ExecResult } from '../../extension/communicator';
import type { Clock } from '../../extension/context';
import type { ClientChannel } from 'ssh2';
import { shellQuote } from '../../util/quote';
import { ask, type Asked, type Started } from './channel';
import type { Guest, Took } from './guest';
import { hold, type Held } from './held';
import type { Link } from './link';
import { MarkFilter } from './wrap';

/** Exit status of a shell that waited, where the command did not begin. */
const NOT_BEGUN = 86;
/** A shell takes two round trips until it waits, and a command that does little takes one: so two wait. */
const AHEAD = 2;
/** Milliseconds that two round trips must take at least: a shell that waits costs the machine something, too. */
const FAR = 30;
/** Milliseconds that the login shell may take at most. */
const BUSY = 40;
/** Milliseconds. Who was not heard of for longer may be gone, and a command that was handed over is not taken back. */
const RECENT = 2000;
/** A longer command line is not read byte by byte. */
const MAX_COMMAND = 16_384;

/** A command that a waiting shell was given. */
export interface Handed extends Started {
  /** Takes away what the machine said before the command began: files that the login shell reads may say anything. */
  readonly before: Readonly<Record<'stdout' | 'stderr', MarkFilter>>;
  /** Whether the shell ended without having begun the command: somebody ended it, or it may not run commands so. */
  readonly refused: () => boolean;
}

interface Waiting extends Started {
  readonly mark: string;
  readonly ended: () => boolean;
}

/** The shells of a connection. */
interface Shells {
  /** Undefined is what the server did not start. */
  waiting: Promise<Waiting | undefined>[];
  limit: number;
  held?: Held | undefined;
  /** When something came over the connection. */
  heard: number;
}

/**
 * Shells that are started ahead, while the commands before run: to open a channel and to start a shell
 * takes two round trips, so that a command that finds one waiting takes one.
 *
 * What a command finds must be what it would find in a shell of its own, though: what the command before changed. So when
 * its turn comes the shell starts the login shell anew, with the environment that the SSH server had given it and none
 * of its own, and in its first folder. An SSH server reads nothing for a single command that it has not read for the
 * connection; what is read then is read by the login shell.
 *
 * Nothing is started ahead where that shortens nothing. Where the login shell does so much at first that it might get into
 * the way of what runs meanwhile, and where no shell can wait, just the channel is opened ahead.
 */
export class Spares {
  private readonly shells = new WeakMap<Link, Shells>();
  private took: Took;

  constructor(
    private readonly guest: Guest,
    private readonly clock: Clock,
  ) {
    this.took = guest.took;
  }

  /** How long a command took that was started for itself: the shortest tells of the machine, the others of its load. */
  learn({ start, login }: Took): void {
    this.took = { start: Math.min(this.took.start, start), login: Math.min(this.took.login, login) };
  }

  /** Something came over the connection. */
  heard(link: Link): void {
    this.of(link).heard = this.clock.now();
  }

  /** Starts what is missing, where that pays. */
  prepare(link: Link): void {
    if (this.took.start < FAR || link.lost() !== undefined) return;
    const shells = this.of(link);
    if (!this.guest.canWait || this.took.login > BUSY) {
      if (shells.limit === 0 || shells.held?.over() === false) return;
      shells.held = hold(link);
      void shells.held?.asked.then((asked) => {
        if (asked instanceof Error) shells.limit = 0;
      });
      return;
    }
    while (shells.waiting.length < shells.limit) {
      const starting: Promise<Waiting | undefined> = start(link).then((shell) => {
        if (shell) {
          this.heard(link);
        } else {
          // The server allows no more sessions.
          shells.waiting = shells.waiting.filter((one) => one !== starting);
          shells.limit = Math.min(shells.limit, shells.waiting.length);
        }
        return shell;
      });
      shells.waiting.push(starting);
    }
  }

  /** Gives a command line to a shell that waits; undefined where there is none. */
  async hand(link: Link, command: string): Promise<Handed | undefined> {
    const shells = this.of(link);
    const shell = command.length > MAX_COMMAND ? undefined : await shells.waiting.shift();
    if (!shell) return undefined;
    if (shell.ended() || this.clock.now() - shells.heard > RECENT) {
      shell.channel.close();
      void this.release(link);
      return undefined;
    }
    const { channel, exited, mark } = shell;
    channel.removeAllListeners('data');
    channel.stderr.removeAllListeners('data');
    channel.write(`${command}\n${mark}\n`);
    const before = { stdout: new MarkFilter(mark, true), stderr: new MarkFilter(mark, true) };
    let how: ExecResult | undefined;
    void exited.then((result) => (how = result));
    const refused = (): boolean => {
      if (before.stderr.found || link.lost() !== undefined) return false;
      const gone = how === undefined || how.ended === 'signal' || (how.ended === 'exit' && how.code === NOT_BEGUN);
      if (gone) shells.limit = 0;
      return gone;
    };
    return { link, channel, exited, before, refused };
  }

  /** Starts a command line in a session that was opened ahead; undefined where there is none. */
  ask(link: Link, command: string): Promise<Asked> | undefined {
    const shells = this.of(link);
    const { held } = shells;
    if (!held || this.clock.now() - shells.heard > RECENT) return undefined;
    shells.held = undefined;
    return held.over() ? undefined : held.run(command);
  }

  /** Ends those that wait: a server that allows few sessions may need their place. Returns whether there were any. */
  async release(link: Link): Promise<boolean> {
    const given = await Promise.all(this.of(link).waiting.splice(0));
    const open = given.filter((shell) => shell !== undefined && !shell.ended());
    await Promise.all(
      open.map((shell) => {
        shell!.channel.close();
        return ended(shell!.channel);
      }),
    );
    const { held } = this.of(link);
    if (held && !held.over()) {
      this.of(link).held = undefined;
      // There is no other way to end a session that is not there yet.
      const asked = await held.run('exit');
      if (!(asked instanceof Error)) await ended(asked.channel);
      return true;
    }
    return open.length > 0;
  }

  private of(link: Link): Shells {
    const shells = this.shells.get(link) ?? { waiting: [], limit: AHEAD, heard: -Infinity };
    this.shells.set(link, shells);
    return shells;
  }
}

async function ended(channel: ClientChannel): Promise<void> {
  channel.resume().stderr.resume();
  await once(channel, 'close').catch(() => undefined);
}

async function start(link: Link): Promise<Waiting | undefined> {
  const mark = `goldsmith-${randomBytes(12).toString('hex')}`;
  const asked = await ask(link, waitingShell(mark), false);
  if (asked instanceof Error) return undefined;
  const { channel, exited } = asked;
  let ended = false;
  const end = (): void => void (ended = true);
  void exited.then(end);
  channel.once('close', end).on('error', () => undefined);
  channel.on('data', () => undefined);
  channel.stderr.on('data', () => undefined);
  return { link, channel, exited, mark, ended: () => ended };
}

/**
 * A command line that waits in /bin/sh for a command, up to a line with the mark. The environment is the one that the
 * process had before the login shell read its files: proc(5), /proc/pid/environ.
 */
function waitingShell(mark: string): string {
  const script = `set -f
IFS=$(printf "\\1")
set -- $gs_0
unset IFS
for gs_e do case $gs_e in SHELL=*) gs_s=\${gs_e#SHELL=};; *=*) ;; *) exit ${NOT_BEGUN};; esac; done
gs_c=
while IFS= read -r gs_l && [ "$gs_l" != ${mark} ]; do gs_c="$gs_c$gs_l
"; done
[ "$gs_l" = ${mark} ] && cd -- "$PWD" || exit ${NOT_BEGUN}
echo ${mark} $$; echo ${mark} $$ >&2
exec env -i "$@" "$gs_s" -c "$gs_c"`;
  return `gs_0=$(tr "\\0" "\\1" </proc/$$/environ) exec /bin/sh -c ${shellQuote(script)}`;
}
