import * as net from 'node:net';
import { GoldsmithError } from '../../../errors';

/** An event of the machine, such as `SHUTDOWN`, `RESET`, `STOP`. */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A command that QEMU refused. */
export class QmpRefused extends Error {
  constructor(
    readonly command: string,
    readonly reason: string,
  ) {
    super(`QEMU refused \`${command}\`: ${reason}`);
  }
}

interface Waiting {
  readonly command: string;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** QEMU's control socket: one JSON object a line (docs/interop/qmp-spec.txt in QEMU's sources). */
export class Qmp {
  /** Connects and leaves the negotiation behind. Throws where nobody listens. */
  static async connect(socket: string): Promise<Qmp> {
    const connection = net.connect(socket);
    await new Promise<void>((resolve, reject) => {
      connection.once('connect', resolve);
      connection.once('error', reject);
    });
    const qmp = new Qmp(connection);
    await qmp.run('qmp_capabilities');
    return qmp;
  }

  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Set<(event: QmpEvent) => void>();
  private open = '';
  private last = 0;
  private isClosed = false;

  private constructor(private readonly connection: net.Socket) {
    connection.setEncoding('utf8');
    connection.on('data', (text: string) => this.take(text));
    connection.on('error', () => undefined);
    connection.once('close', () => this.ended());
    connection.unref();
  }

  /** Whether QEMU still listens. */
  get closed(): boolean {
    return this.isClosed;
  }

  /** Runs a command, and gives its answer. Throws {@link QmpRefused} with QEMU's own reason. */
  run<T = unknown>(command: string, args?: object): Promise<T> {
    if (this.isClosed) return Promise.reject(gone(command));
    const id = (this.last += 1);
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { command, resolve: resolve as (answer: unknown) => void, reject });
      this.connection.ref();
      this.connection.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }), id })}\n`);
    });
  }

  /** Runs a command of the human monitor, which can some things that no other can. */
  human(line: string): Promise<string> {
    return this.run<string>('human-monitor-command', { 'command-line': line });
  }

  /** Has `listener` told of each event until the returned function is called. */
  on(listener: (event: QmpEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.connection.destroy();
  }

  private take(text: string): void {
    const lines = (this.open + text).split('\n');
    this.open = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.message(JSON.parse(line) as Message);
  }

  private message({ id, error, event, data, ...rest }: Message): void {
    if (event !== undefined) {
      for (const listener of this.listeners) listener({ event, ...(data && { data }) });
      return;
    }
    const waiting = id === undefined ? undefined : this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id!);
    if (this.waiting.size === 0) this.connection.unref();
    if (error) waiting.reject(new QmpRefused(waiting.command, error.desc));
    else waiting.resolve(rest.return);
  }

  private ended(): void {
    this.isClosed = true;
    for (const { command, reject } of this.waiting.values()) reject(gone(command));
    this.waiting.clear();
  }
}

interface Message {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

function gone(command: string): Error {
  return new GoldsmithError('CONNECTION_LOST', `the virtual machine ended before it answered \`${command}\``);
}
