import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import { withinTime } from '../../util/within-time';
import type { XmlElement } from '../../util/xml';
import type { Address } from '../ssh/sockets';
import type { Connection } from './connection';
import type { Request } from './envelope';
import { LinkLost, WinrmFailure, WinrmFault, type Phase } from './failure';
import { openConnection } from './open';
import type { Settings } from './settings';
import { createShell, deleteShell } from './shell';
import { stopped } from './stopped';
import { unreachable } from './unreachable';

/** Milliseconds that one phase may take at first: a port that is forwarded answers before the machine behind it does. */
const PATIENCE = 5_000;
const MAX_PATIENCE = 60_000;
const FIRST_WAIT = 200;
const MAX_WAIT = 5_000;
/** What an answer may be late by, after the machine's own time was up. */
const SLACK = 10_000;
/** A shell that was not used for so long may be gone with its machine, and nobody told us. */
const FRESH = 15_000;
/** Milliseconds that saying goodbye may take. */
const CLOSE_TIME = 3_000;
/** Windows' ERROR_ACCESS_DENIED. */
const ACCESS_DENIED = 5;

interface IdleShell {
  readonly id: string;
  readonly since: number;
}

/** The way to a machine: connections that are shared, and shells, one for each command that runs at a time. */
export class Line {
  private readonly idle: Connection[] = [];
  private readonly all = new Set<Connection>();
  private readonly shells: IdleShell[] = [];
  private readonly freeing = new Set<Promise<void>>();
  private everOpen = false;
  private closed = false;

  constructor(
    readonly settings: Settings,
    readonly ctx: RunContext,
  ) {}

  /** Where the machine was reached the last time, and from where. */
  reached: { readonly address: Address; readonly from: string | undefined } | undefined;

  /** A shell that nobody uses: one that is there, else a new one, for which it is tried as long as that can help. */
  async shell(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    if (this.closed) throw new GoldsmithError('CONNECTION_LOST', 'the connection to the machine is closed already');
    if (this.shells.length === 0 && this.freeing.size > 0) await Promise.race(this.freeing);
    this.sweep();
    const ready = this.shells.pop();
    if (ready === undefined) return this.open(signal);
    if (this.ctx.clock.now() - ready.since < FRESH && this.idle.length > 0) return ready.id;
    const id = await this.open(signal);
    void this.remove(ready.id);
    return id;
  }

  /** A shell is about to be given back. */
  soonFree(done: Promise<void>): void {
    const freed = done.finally(() => this.freeing.delete(freed));
    this.freeing.add(freed);
  }

  /** A command has ended in it: another one may use it. */
  giveBack(shell: string): void {
    this.shells.push({ id: shell, since: this.ctx.clock.now() });
  }

  /** Asks for something, once. @throws WinrmFault, WinrmFailure, LinkLost */
  readonly ask = async (request: Request, signal: AbortSignal): Promise<XmlElement> => {
    this.sweep();
    const patience = this.settings.operationTimeout + SLACK;
    const connection = this.idle.pop() ?? (await this.connect(signal, PATIENCE));
    try {
      const late = (): LinkLost => new LinkLost(`no answer for ${Math.round(patience / 1000)} s`);
      return await withinTime(this.ctx.clock, patience, signal, late, (inTime) => connection.request(request, inTime));
    } catch (error) {
      // After a fault it is as good as before; after anything else nobody knows.
      if (!(error instanceof WinrmFault)) this.drop(connection);
      throw error;
    } finally {
      if (!connection.lost && this.all.has(connection)) this.idle.push(connection);
    }
  };

  /** Ends a shell; as well as it can. */
  async remove(shell: string): Promise<void> {
    const late = (): Error => new Error('it took too long');
    await withinTime(this.ctx.clock, CLOSE_TIME, new AbortController().signal, late, (signal) =>
      deleteShell(this.ask, shell, signal),
    ).catch(() => undefined);
  }

  /** Forgets all connections and shells: they are made anew. */
  drop(connection?: Connection): void {
    for (const one of connection ? [connection] : [...this.all]) {
      one.close();
      this.all.delete(one);
    }
    this.sweep();
    if (connection === undefined) this.shells.length = 0;
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const late = (): Error => new Error('it took too long');
    const freed = (): Promise<unknown> => Promise.all(this.freeing);
    await withinTime(this.ctx.clock, CLOSE_TIME, new AbortController().signal, late, (inTime) =>
      Promise.race([freed(), stopped(inTime)]),
    ).catch(() => undefined);
    this.sweep();
    if (this.idle.length > 0) await Promise.all(this.shells.splice(0).map(({ id }) => this.remove(id)));
    this.drop();
  }

  private sweep(): void {
    const open = this.idle.filter((connection) => !connection.lost);
    this.idle.splice(0, this.idle.length, ...open);
    for (const connection of this.all) if (connection.lost) this.all.delete(connection);
  }

  private async connect(
    signal: AbortSignal,
    patience: number,
    onPhase: (phase: Phase, address: Address) => void = () => undefined,
  ): Promise<Connection> {
    const connection = await openConnection(this.settings, this.ctx, { signal, patience, onPhase });
    this.all.add(connection);
    this.reached = { address: connection.address, from: connection.localAddress };
    return connection;
  }

  /** Connects where nothing is connected, and starts a shell: again and again. */
  private async open(signal: AbortSignal): Promise<string> {
    const { settings, ctx } = this;
    const started = ctx.clock.now();
    let refusals = 0;
    let told = '';
    for (let tries = 1, wait = FIRST_WAIT, patience = PATIENCE; ; tries += 1) {
      const left = Math.max(1, started + settings.timeout - ctx.clock.now());
      const trial = { phase: 'address' as Phase, address: { host: settings.target.host, port: settings.port } };
      try {
        this.sweep();
        if (this.idle.length === 0)
          this.idle.push(
            await this.connect(signal, Math.min(patience, left), (phase, address) =>
              Object.assign(trial, { phase, address }),
            ),
          );
        trial.phase = 'shell';
        const late = (): WinrmFailure => new WinrmFailure('shell', 'no answer for 60 s');
        const shell = await withinTime(ctx.clock, Math.min(MAX_PATIENCE, left), signal, late, (inTime) =>
          createShell(this.ask, inTime),
        );
        this.everOpen = true;
        return shell;
      } catch (error) {
        signal.throwIfAborted();
        if (GoldsmithError.is(error)) throw error;
        const failure = failureOf(error, trial.phase);
        // Who got in once gets in again: a machine that is going down or coming up refuses everybody.
        if (!this.everOpen && (failure.refused || isUnknownName(failure))) refusals += 1;
        const spent = ctx.clock.now() - started;
        const hopeless = failure.hopeless || refusals >= settings.attempts;
        if (hopeless || spent + wait >= settings.timeout)
          throw await unreachable(settings, failure, { tries, spent, address: trial.address, hopeless });
        const text = `${trial.address.host}:${trial.address.port}: ${failure.phase}: ${failure.message}; trying again`;
        if (text !== told) ctx.say((told = text));
        await ctx.clock.sleep(wait, signal);
        wait = Math.min(wait * 2, MAX_WAIT);
        if (/^no answer for/.test(failure.message)) patience = Math.min(patience * 2, MAX_PATIENCE);
      }
    }
  }
}

function failureOf(error: unknown, phase: Phase): WinrmFailure {
  if (error instanceof WinrmFailure) return error;
  if (error instanceof WinrmFault && error.code === ACCESS_DENIED)
    return new WinrmFailure('shell', `the machine lets us log in, but not use its shells: ${error.message}`, {
      hopeless: true,
      hint:
        'the user must be an administrator or one of Remote Management Users; a local administrator other than Administrator ' +
        'needs LocalAccountTokenFilterPolicy (Microsoft Learn, "User Account Control and remote restrictions")',
      cause: error,
    });
  return new WinrmFailure(phase, error instanceof Error ? error.message : String(error), { cause: error });
}

function isUnknownName(failure: WinrmFailure): boolean {
  const { cause } = failure as { cause?: { code?: string; cause?: { code?: string } } };
  return failure.phase === 'address' && (cause?.code === 'ENOTFOUND' || cause?.cause?.code === 'ENOTFOUND');
}
