import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { hostEnv } from '../../../host/programs';
import { runProcess, type ProcessOptions } from '../../../util/spawn';
import { Tail } from '../../../util/tail';
import { renderTemplate } from '../../../util/template';

/** What of a config says how commands of this machine are run. */
export interface Wrapped {
  readonly commandWrapper?: string | undefined;
}

/** A shell command as it is run on this machine. */
export function wrapped({ commandWrapper = '{{.Command}}' }: Wrapped, command: string): string {
  return renderTemplate('commandWrapper', commandWrapper, { Command: command });
}

/** Runs a shell command on this machine, and gives what it printed. */
export async function runHere(
  command: string,
  config: Wrapped,
  ctx: RunContext,
  { shows = false, ...more }: { readonly shows?: boolean } & Pick<Partial<ProcessOptions>, 'signal'> = {},
): Promise<string> {
  const tail = new Tail();
  let printed = '';
  const end = await runProcess('/bin/sh', ['-c', wrapped(config, command)], {
    env: hostEnv(ctx.env),
    signal: more.signal ?? ctx.signal,
    clock: ctx.clock,
    onOutput: (text, stream) => {
      if (stream === 'stdout') printed += text;
      tail.push(text);
      if (shows) ctx.output(text, stream);
    },
  }).catch((error: unknown) => {
    ctx.signal.throwIfAborted();
    throw new GoldsmithError('LAUNCH_FAILED', `\`${command}\` could not be started: ${messageOf(error)}`);
  });
  if ('code' in end && end.code === 0) return printed.trim();
  const ended = 'code' in end ? `ended with status ${end.code}` : `was ended by ${end.signal}`;
  throw new GoldsmithError('LAUNCH_FAILED', `\`${command}\` ${ended}`, { output: tail.toString() });
}
