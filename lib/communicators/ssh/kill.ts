import { once } from 'node:events';
import type { ClientChannel } from 'ssh2';
import { ask } from './channel';
import type { Link } from './link';
import type { Runner } from './run';
import { killScript, wrapped, type MarkFilter } from './wrap';

/** How long ending a command may take, in milliseconds. */
const KILL_TIME = 7000;

/** Ends a command and what it started, by a second command: servers need not know signals, and sshd does not for root. */
export async function kill(
  runner: Runner,
  link: Link,
  channel: ClientChannel,
  filter: MarkFilter | undefined,
): Promise<void> {
  const { clock, guest } = runner;
  const over = new AbortController();
  const late = clock.sleep(KILL_TIME, over.signal).catch(() => undefined);
  try {
    if (filter && link.lost() === undefined) {
      const pid = await Promise.race([filter.pid, late, once(channel, 'close').catch(() => undefined)]);
      if (typeof pid === 'number') {
        const { command } = wrapped(killScript(pid), { plain: guest.plainShell });
        await Promise.race([done(runner, link, command), late]);
      }
    }
  } finally {
    over.abort();
    channel.signal('KILL');
    channel.close();
    // A server that is gone does not close the channel.
    if (link.lost() !== undefined) channel.emit('close');
  }
}

/** Runs a command of which nothing but its end matters. */
async function done({ spares }: Runner, link: Link, command: string): Promise<void> {
  const handed = await spares.hand(link, command);
  if (handed) {
    const { channel, exited } = handed;
    channel.end();
    await Promise.race([exited, once(channel, 'close').catch(() => undefined)]);
    if (!handed.refused()) return;
  }
  const asked = await (spares.ask(link, command) ?? ask(link, command, false));
  if (asked instanceof Error) return;
  asked.channel.on('data', () => undefined).stderr.resume();
  await once(asked.channel, 'close').catch(() => undefined);
}
