import type { RunEvent } from '../engine/events';
import { problemLines } from './problem';
import { Milestones } from './milestones';
import type { OutputOptions, Reporter } from './reporter';
import { checkLine, RunState, stepName } from './run-state';
import { summaryLines } from './summary';
import { plainLine, plainLines } from './text';
import { createTheme, type Paint, type Theme } from './theme';
import { counted, formatAge, formatDuration } from './units';

/** Options of {@link plainReporter}. */
export interface PlainOptions extends OutputOptions {
  /**
   * Whether each line begins with its time, in ISO 8601.
   * @default false
   */
  readonly timestamps?: boolean;
}

/**
 * Prefixed lines, for logs and pipes: `==> Web/Docker: text` for what goldsmith says, `    Web/Docker: text` for what
 * a command printed, as Packer has it.
 */
export function plainReporter(options: PlainOptions): Reporter {
  return new PlainReporter(options);
}

class PlainReporter implements Reporter {
  // Lines are printed as they come: none are kept.
  private readonly state = new RunState({ first: 0, last: 1 });
  private readonly theme: Theme;
  private readonly milestones = new Milestones();
  private readonly turns = new Map<string, Paint>();

  constructor(private readonly options: PlainOptions) {
    this.theme = createTheme(options.colour ?? false);
  }

  event(event: RunEvent): void {
    if (event.type === 'step-finished') this.flush(event.node, event.step, event.time);
    if (event.type === 'node-finished') this.flush(event.node, undefined, event.time);
    if (event.type === 'output') this.output(event);
    else this.state.apply(event);
    const lines = this.linesOf(event);
    if (lines.length > 0) this.print(lines, event.time);
  }

  say(text: string): void {
    const lines = plainLines(text).map((line) => `==> ${line}`);
    this.options.output.write(lines.map((line) => `${line}\n`).join(''));
  }

  close(): void {
    for (const node of this.state.nodes.values()) {
      for (const step of node.steps.values()) this.flush(node.id, step.id, this.state.latest);
      this.flush(node.id, undefined, this.state.latest);
    }
  }

  private linesOf(event: RunEvent): string[] {
    const { theme } = this;
    switch (event.type) {
      case 'run-started':
        return [
          `==> ${plainLine(event.app)}: ${counted(event.nodes.length, 'node')}, ${event.parallel} at once (goldsmith ${event.version}, run ${event.run})`,
        ];
      case 'step-started': {
        const again = event.attempt > 1 ? `, attempt ${event.attempt}` : '';
        const step = stepName(event.node, { id: event.step, use: event.use });
        return [this.own(event.node, `${step}${step === event.use ? '' : ` (${event.use})`}${again}`)];
      }
      case 'step-finished':
        return this.stepFinished(event);
      case 'check': {
        const line = checkLine(event);
        return [this.printed(event.node, event.state === 'failed' ? theme.bad(line) : line)];
      }
      case 'message':
        return this.message(event);
      case 'progress': {
        const text = this.milestones.next(event);
        return text === undefined ? [] : [this.own(event.node, text)];
      }
      case 'resource':
        if (event.phase !== 'leaked') return [];
        return [this.own(event.node, `${event.kind} ${event.id ?? ''} could not be deleted`, theme.bad)];
      case 'node-finished':
        return this.nodeFinished(event);
      case 'run-finished':
        return summaryLines(event, { theme, now: event.time, folder: this.options.folder });
      case 'node-started':
      case 'output':
      case 'question':
      case 'answered':
        return [];
    }
  }

  private stepFinished({ node, step, state, duration, error }: RunEvent & { type: 'step-finished' }): string[] {
    const { theme } = this;
    const name = stepName(node, this.state.stepOf(node, step));
    if (state === 'skipped') return [];
    if (state === 'cached') return [this.own(node, `${name} is cached: a checkpoint holds it`)];
    const text = `${name} ${state === 'succeeded' ? 'done' : 'failed'} in ${formatDuration(duration)}`;
    if (state === 'tolerated') {
      const reason = error ? `: ${plainLine(error.message)}` : '';
      return [this.own(node, `${text}${reason}; the build goes on`, theme.warn)];
    }
    return [this.own(node, text, state === 'failed' ? theme.bad : undefined)];
  }

  private nodeFinished({
    node,
    state,
    duration,
    cache,
    error,
    because,
    time,
  }: RunEvent & { type: 'node-finished' }): string[] {
    const { theme } = this;
    if (state === 'cached') {
      const age = cache ? `, built ${formatAge(time - cache.builtAt)}` : '';
      const refresh = cache ? `; to refresh: ${cache.refresh}` : '';
      return [this.own(node, `cached${age}: nothing to do${refresh}`)];
    }
    if (state === 'skipped')
      return [this.own(node, `skipped${because?.length ? ` because of ${because.join(', ')}` : ''}`, theme.warn)];
    if (state === 'cancelled') return [this.own(node, `cancelled after ${formatDuration(duration)}`, theme.warn)];
    if (state === 'failed') {
      const details = error ? problemLines(error, theme) : [];
      return [
        this.own(node, `failed after ${formatDuration(duration)}`, theme.bad),
        ...details.map((line) => `    ${this.prefix(node)} ${line}`),
      ];
    }
    return [this.own(node, `done in ${formatDuration(duration)}`)];
  }

  private message({ level, node, text }: RunEvent & { type: 'message' }): string[] {
    const { theme } = this;
    const label = { info: '', warning: 'warning: ', error: 'error: ' }[level];
    const paint = { info: undefined, warning: theme.warn, error: theme.bad }[level];
    return plainLines(text).map((line) => this.own(node ?? this.state.app, `${label}${line}`, paint));
  }

  private output({ node, step, text, stream, time }: RunEvent & { type: 'output' }): void {
    const lines = this.state.place(node, step).splitter.push(text, stream);
    if (lines.length > 0)
      this.print(
        lines.map((line) => this.printed(node, line)),
        time,
      );
  }

  private flush(node: string, step: string | undefined, time: number): void {
    const left = this.state.place(node, step).splitter.flush();
    if (left.length > 0)
      this.print(
        left.map(({ text }) => this.printed(node, text)),
        time,
      );
  }

  private own(node: string, text: string, paint?: Paint): string {
    const said = plainLine(text);
    return `==> ${this.prefix(node)} ${paint ? paint(said) : said}`;
  }

  private printed(node: string, line: string): string {
    return `    ${this.prefix(node)} ${line}`.trimEnd();
  }

  /** The builds take five colours in turn. */
  private prefix(node: string): string {
    const known = this.turns.get(node);
    const paint = known ?? this.theme.turn[this.turns.size % this.theme.turn.length]!;
    if (!known) this.turns.set(node, paint);
    return paint(`${plainLine(node)}:`);
  }

  private print(lines: readonly string[], time: number): void {
    const stamp = this.options.timestamps === true ? `${new Date(time).toISOString()} ` : '';
    this.options.output.write(lines.map((line) => `${stamp}${line}\n`).join(''));
  }
}
