import { randomBytes } from 'node:crypto';
import { shellQuote } from '../../util/quote';

/** A command line for the machine, and the line by which it tells its process id. */
export interface Wrapped {
  readonly command: string;
  /** What stands in front of the process id, on the first line that the command writes to standard error. */
  readonly mark: string;
}

/**
 * A command line that runs in `/bin/sh` whatever the login shell is, and first of all tells its process id: that is also
 * its process group's, since sshd gives every command a session of its own.
 *
 * @param plain whether the login shell reads quotes as POSIX does
 */
export function wrapped(
  command: string,
  options: { readonly plain: boolean; readonly user?: string | undefined },
): Wrapped {
  const mark = `goldsmith-${randomBytes(6).toString('hex')}`;
  const body = options.user === undefined ? command : asUser(options.user, command);
  const script = `echo ${mark} $$ >&2\n${body}`;
  return { command: `exec /bin/sh -c ${options.plain ? shellQuote(script) : shellQuote(spelt(script))}`, mark };
}

/** csh allows no line break in quotes, fish reads backslashes in them otherwise: so every byte is spelt as a number. */
function spelt(script: string): string {
  const bytes = [...Buffer.from(script)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
  return `eval "$(printf %b "${bytes}")"`;
}

function asUser(user: string, command: string): string {
  const [name, body] = [shellQuote(user), shellQuote(command)];
  return [
    `if [ "$(id -un)" = ${name} ]; then exec /bin/sh -c ${body}; fi`,
    `if [ "$(id -u)" = 0 ]; then exec su ${name} -s /bin/sh -c ${body}; fi`,
    `exec sudo -n -u ${name} -- /bin/sh -c ${body}`,
  ].join('\n');
}

/**
 * Ends a process and its group: SIGTERM, and SIGKILL for what is left of it five seconds later. Where it is no leader of
 * a group, just the process itself.
 */
export function killScript(pid: number): string {
  return [
    `g=-${pid}; kill -s TERM -- $g 2>/dev/null || { g=${pid}; kill -s TERM $g 2>/dev/null; } || exit 0`,
    'i=0; while [ $i -lt 50 ] && kill -s 0 -- $g 2>/dev/null; do sleep 0.1 || sleep 1; i=$((i+1)); done',
    'kill -s KILL -- $g 2>/dev/null; exit 0',
  ].join('\n');
}

/** Takes the line with the mark out of what a command writes. */
export class MarkFilter {
  private held: Buffer | undefined = Buffer.alloc(0);
  /** Whether the mark came. */
  found = false;
  private readonly mark: Buffer;
  /** Resolves with the process id; never where it is not told. */
  readonly pid: Promise<number>;
  private tell!: (pid: number) => void;

  /** @param drop whether what stands before the mark is not to be shown either */
  constructor(
    mark: string,
    private readonly drop = false,
  ) {
    this.mark = Buffer.from(`${mark} `);
    this.pid = new Promise((resolve) => (this.tell = resolve));
  }

  /** Returns what is to be shown of a piece. */
  push(data: Buffer): Buffer {
    if (this.held === undefined) return data;
    const all = Buffer.concat([this.held, data]);
    const start = all.indexOf(this.mark);
    const end = start < 0 ? -1 : all.indexOf('\n', start);
    if (end < 0) {
      this.held = all;
      return Buffer.alloc(0);
    }
    this.held = undefined;
    this.found = true;
    this.tell(Number(all.subarray(start + this.mark.length, end).toString()));
    const rest = all.subarray(end + 1);
    return this.drop ? rest : Buffer.concat([all.subarray(0, start), rest]);
  }

  /** What was held back, where the mark never came. */
  end(): Buffer {
    const rest = this.held ?? Buffer.alloc(0);
    this.held = undefined;
    return this.drop ? Buffer.alloc(0) : rest;
  }
}
