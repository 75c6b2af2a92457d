import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Clock } from '../extension/context';
import type { RunEvent, RunEventBody } from './events';
import type { Redactor } from './redact';

/** Numbers events, removes secrets from them, writes them to the run's folder and hands them on. */
export class Emitter {
  private seq = 0;
  private readonly file: WriteStream;
  private failed = false;
  private thrown: { readonly error: unknown } | undefined;

  constructor(
    file: string,
    private readonly clock: Clock,
    private readonly redactor: Redactor,
    private listener: ((event: RunEvent) => void) | undefined,
  ) {
    this.file = createWriteStream(file, { flags: 'a' });
    // The events are for the report; a full disk shows itself where it does harm.
    this.file.on('error', () => (this.failed = true));
  }

  /** Sends an event. */
  emit(body: RunEventBody): void {
    const clean = body.type === 'output' ? body : this.redactor.cleanDeep(body);
    const event = { seq: (this.seq += 1), time: this.clock.now(), ...clean } as RunEvent;
    if (!this.failed) this.file.write(`${JSON.stringify(event)}\n`);
    try {
      this.listener?.(event);
    } catch (error) {
      // It is the user's own code: the run goes on and cleans up, and then says so.
      this.listener = undefined;
      this.thrown = { error };
    }
  }

  /** Throws what the listener threw. */
  rethrow(): void {
    if (this.thrown) throw this.thrown.error;
  }

  /** Ends when everything is written. */
  async close(): Promise<void> {
    this.file.end();
    await finished(this.file).catch(() => undefined);
  }
}
