import type { RunEvent } from '../engine/events';
import type { Problem } from '../errors';
import { LiveArea, type TerminalSize } from './live-area';
import { problemLines } from './problem';
import type { OutputOptions, Reporter } from './reporter';
import { isTail, RunState, stepName } from './run-state';
import { summaryLines } from './summary';
import { plainLine, plainLines } from './text';
import { createTheme, type Theme } from './theme';
import { treeLines } from './tree';
import { counted } from './units';

/** Options of {@link ttyReporter}. */
export interface TtyOptions extends OutputOptions {
  /** The terminal's size now; asked again for each frame, so a resized terminal is noticed. */
  readonly size: () => TerminalSize;
  /** Milliseconds since the epoch, by the same clock as the events. */
  readonly now: () => number;
  /** Calls `draw` after `ms`; returns what takes it back. A timer that keeps no process alive will do. */
  readonly later: (draw: () => void, ms: number) => () => void;
}

/** Milliseconds between frames: at most 12 a second. */
const FRAME = 84;
/** Milliseconds between frames while nothing happens but time: enough for the seconds and the spinner. */
const IDLE = 200;
/** Lines of a failed step that stay on the screen. The report has all of them. */
const TAIL = 50;

/** A live tree of the run, with what must not be lost printed above it, and a summary at the end. */
export function ttyReporter(options: TtyOptions): Reporter {
  return new TtyReporter(options);
}

class TtyReporter implements Reporter {
  private readonly state = new RunState({ first: 0, last: TAIL });
  private readonly theme: Theme;
  private readonly area: LiveArea;
  private above: string[] = [];
  private drawnAt = 0;
  private cancel: (() => void) | undefined;
  private dueAt = Infinity;
  /** Nodes that wait for an answer: nothing is drawn meanwhile. */
  private readonly asking = new Set<string>();
  /** Nodes whose failure stands on the screen already. */
  private readonly told = new Set<string>();
  private closed = false;

  constructor(private readonly options: TtyOptions) {
    this.theme = createTheme(options.colour ?? false);
    this.area = new LiveArea(options.output, options.size);
  }

  event(event: RunEvent): void {
    if (this.closed) return this.area.close(this.permanent(event));
    this.above.push(...this.permanent(event));
    this.state.apply(event);
    if (event.type === 'question') this.pause(event.node);
    // A question that was cut short gets no answer; its node ends.
    else if (event.type === 'answered' || event.type === 'node-finished') this.asking.delete(event.node);
    if (this.state.end) this.close();
    else if (this.asking.size === 0) this.schedule(FRAME);
  }

  say(text: string): void {
    this.above.push(...plainLines(text));
    if (this.closed || this.asking.size > 0) {
      this.area.close(this.above);
      this.above = [];
    } else this.schedule(0);
  }

  close(): void {
    this.unschedule();
    if (!this.closed) this.area.close([...this.above, ...this.ending()]);
    this.closed = true;
    this.above = [];
  }

  /** The summary; where the run broke off before its end, the tree as it stood. */
  private ending(): string[] {
    const { theme, state } = this;
    const size = this.options.size();
    const { folder } = this.options;
    if (state.end) return summaryLines(state.end, { theme, now: state.latest, columns: size.columns, folder });
    return treeLines(state, { ...size, theme, now: state.latest }).map(({ text }) => text);
  }

  /** What stays on the screen: read before the state takes the event in. */
  private permanent(event: RunEvent): string[] {
    const { theme } = this;
    switch (event.type) {
      case 'run-started':
        return [
          `${theme.bold(plainLine(event.app))} ${theme.dim(`${counted(event.nodes.length, 'node')}, ${event.parallel} at once, run ${event.run}`)}`,
        ];
      case 'message': {
        // What a running step says itself stands below it in the tree, and with its last lines where it fails.
        if (event.level === 'info' && event.step !== undefined) return [];
        const word = { info: '', warning: theme.warn('warning: '), error: theme.bad('error: ') }[event.level];
        const node = event.node === undefined ? '' : `${theme.bold(plainLine(event.node))}: `;
        return plainLines(event.text).map((line) => `${node}${word}${line}`);
      }
      case 'step-finished':
        if (event.state !== 'tolerated' || !event.error) return [];
        return problemLines({ path: event.step, ...event.error }, theme, 'warning');
      case 'node-finished':
        return event.state === 'failed' && !this.told.has(event.node) ? this.failure(event.node, event.error) : [];
      case 'question':
        return this.beforeQuestion(event.node);
      case 'step-started':
        this.told.delete(event.node);
        return [];
      default:
        return [];
    }
  }

  /** Who is asked what to do about a failure wants to see it first. */
  private beforeQuestion(id: string): string[] {
    const failed = [...this.state.node(id).steps.values()].find(({ state }) => state === 'failed');
    if (!failed || this.told.has(id)) return [];
    this.told.add(id);
    return this.failure(id, failed.error);
  }

  private failure(id: string, error: Problem | undefined): string[] {
    const { theme } = this;
    const node = this.state.node(id);
    const failed = [...node.steps.values()].filter(({ state }) => state === 'failed' || state === 'running');
    const lines = [...failed, node].flatMap((place) => {
      const name = place === node ? plainLine(id) : `${plainLine(id)}: ${stepName(id, place)}`;
      const rest = place.splitter.flush().map(({ text }) => text);
      const kept = place.log.last.filter((line) => isTail(line, place));
      const last = [...kept.map(({ text }) => text), ...rest].slice(-TAIL);
      if (last.length === 0) return [];
      const hidden = place.log.count - place.log.last.length;
      const title = hidden > 0 ? `${name}, last ${last.length} of ${hidden + last.length} lines` : name;
      return [theme.bold(title), ...last.map((line) => `${theme.dim('│')} ${line}`)];
    });
    if (!error) return lines;
    // The tail above is the same text, and longer.
    const { output, ...short } = error;
    return ['', ...lines, ...problemLines(lines.length > 0 ? short : { ...short, output }, theme)];
  }

  private pause(node: string): void {
    this.asking.add(node);
    this.unschedule();
    this.area.close(this.above);
    this.above = [];
  }

  private schedule(wait: number): void {
    const now = this.options.now();
    const due = wait === 0 ? now : Math.max(this.drawnAt + wait, now);
    if (due >= this.dueAt) return;
    this.unschedule();
    this.dueAt = due;
    this.cancel = this.options.later(() => this.draw(), due - now);
  }

  private unschedule(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.dueAt = Infinity;
  }

  private draw(): void {
    this.unschedule();
    const now = this.options.now();
    const frame = treeLines(this.state, { ...this.options.size(), theme: this.theme, now });
    this.area.draw(this.above, frame);
    this.above = [];
    this.drawnAt = now;
    this.schedule(IDLE);
  }
}
