import { GoldsmithError, messageOf } from '../../errors';
import type { RunContext } from '../../extension/context';
import { SshFailure, type Phase } from './failure';
import { openLink, type Link } from './link';
import type { Settings } from './settings';
import { unreachable } from './unreachable';

/** Milliseconds that one phase may take at first: a port that is forwarded answers before the machine behind it does. */
const PATIENCE = 5_000;
/** What that grows to: Packer's limit of a handshake. */
const MAX_PATIENCE = 60_000;
const FIRST_WAIT = 100;
const MAX_WAIT = 3_000;

/** The connection to a machine: made when it is needed, shared, and made anew when it was lost. */
export class Line {
  private link: Link | undefined;
  private opening: Promise<Link> | undefined;
  private everOpen = false;
  private closed = false;
  private readonly listeners: ((link: Link) => Promise<void>)[] = [];

  constructor(
    readonly settings: Settings,
    private readonly ctx: RunContext,
  ) {}

  /** What to do on every new connection, such as to set up tunnels. */
  onOpen(listener: (link: Link) => Promise<void>): void {
    this.listeners.push(listener);
  }

  /** Whether there is a connection now. */
  get isOpen(): boolean {
    return this.link !== undefined && this.link.lost() === undefined;
  }

  /** The connection as it is; a new one where there is none, made within so many milliseconds. */
  async use(signal: AbortSignal, timeout = this.settings.timeout): Promise<Link> {
    for (;;) {
      signal.throwIfAborted();
      if (this.closed) throw new GoldsmithError('CONNECTION_LOST', 'the connection to the machine is closed already');
      if (this.link && this.link.lost() === undefined) return this.link;
      const mine = this.opening === undefined;
      this.opening ??= this.open(signal, timeout).finally(() => (this.opening = undefined));
      try {
        return await raced(this.opening, signal);
      } catch (error) {
        // Another one's wait was cut short, not ours.
        if (mine || signal.aborted || GoldsmithError.is(error)) throw error;
      }
    }
  }

  /** Forgets the connection, and ends it. */
  drop(): void {
    this.link?.close();
    this.link = undefined;
  }

  /** Forgets a connection that is of no use any more. */
  forget(link: Link): void {
    if (this.link === link) this.drop();
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.closed = true;
    const { link } = this;
    if (!link || link.lost() !== undefined) return;
    link.close();
    const patience = new AbortController();
    await Promise.race([link.ended, this.ctx.clock.sleep(1000, patience.signal).catch(() => undefined)]);
    patience.abort();
    link.client.destroy();
  }

  private async open(signal: AbortSignal, timeout: number): Promise<Link> {
    const { settings, ctx } = this;
    const started = ctx.clock.now();
    let refusals = 0;
    let told = '';
    for (let tries = 1, wait = FIRST_WAIT, patience = PATIENCE; ; tries += 1) {
      const left = started + timeout - ctx.clock.now();
      const trial = {
        phase: 'address' as Phase,
        address: { host: settings.target.host, port: settings.target.port ?? 22 },
      };
      try {
        const link = await openLink(settings, ctx, {
          signal,
          patience: Math.max(1, Math.min(patience, left)),
          onPhase: (phase, address) => Object.assign(trial, { phase, address }),
        });
        for (const listener of this.listeners) await listener(link);
        this.everOpen = true;
        return (this.link = link);
      } catch (error) {
        signal.throwIfAborted();
        if (GoldsmithError.is(error)) throw error;
        const failure =
          error instanceof SshFailure ? error : new SshFailure(trial.phase, messageOf(error), { cause: error });
        // Who got in once gets in again: a machine that is going down or coming up refuses everybody.
        if (!this.everOpen && (failure.phase === 'authentication' ? isRefusal(failure) : isUnknownName(failure)))
          refusals += 1;
        const spent = ctx.clock.now() - started;
        const hopeless = failure.hopeless || refusals >= settings.attempts;
        if (hopeless || spent + wait >= timeout) {
          throw await unreachable(settings, failure, { tries, spent, address: trial.address, hopeless });
        }
        const text = `${trial.address.host}:${trial.address.port}: ${failure.phase}: ${failure.message}; trying again`;
        if (text !== told) ctx.say((told = text));
        await ctx.clock.sleep(wait, signal);
        wait = Math.min(wait * 2, MAX_WAIT);
        if (/^no answer for/.test(failure.message)) patience = Math.min(patience * 2, MAX_PATIENCE);
      }
    }
  }
}

function isRefusal(failure: SshFailure): boolean {
  return (
    failure.offered !== undefined &&
    (failure.cause as { level?: string } | undefined)?.level === 'client-authentication'
  );
}

function isUnknownName(failure: SshFailure): boolean {
  return failure.phase === 'address' && (failure.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOTFOUND';
}

async function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', (stop = () => reject(signal.reason as Error)), { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
