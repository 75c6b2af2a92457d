import { createColors } from 'picocolors';
import type { NodeState, StepState } from '../engine/events';

/** Paints a text, or leaves it as it is. */
export type Paint = (text: string) => string;

/** How states look. Colour only says what the sign and the word say as well. */
export interface Theme {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly busy: Paint;
  readonly reused: Paint;
  /** One of five for the builds, in turn, as Packer's users know it. */
  readonly turn: readonly Paint[];
  readonly sign: Readonly<Record<NodeState | StepState, string>>;
  readonly paint: Readonly<Record<NodeState | StepState, Paint>>;
}

/** Signs of the spinner, one a frame. */
export const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;

const SIGNS: Theme['sign'] = {
  pending: '·',
  running: '▸',
  succeeded: '✔',
  cached: '●',
  failed: '✘',
  tolerated: '!',
  skipped: '-',
  cancelled: '■',
};

/** The theme, with colours or without. */
export function createTheme(colour: boolean): Theme {
  const c = createColors(colour);
  return {
    bold: c.bold,
    dim: c.dim,
    good: c.green,
    bad: c.red,
    warn: c.yellow,
    busy: c.cyan,
    reused: c.blue,
    turn: [c.green, c.cyan, c.magenta, c.yellow, c.blue],
    sign: SIGNS,
    paint: {
      pending: c.dim,
      running: c.cyan,
      succeeded: c.green,
      cached: c.blue,
      failed: c.red,
      tolerated: c.yellow,
      skipped: c.dim,
      cancelled: c.yellow,
    },
  };
}

/** The word for a node's state: what happened to it. */
export const STATE_WORDS: Readonly<Record<NodeState, string>> = {
  pending: 'waiting',
  running: 'running',
  succeeded: 'done',
  cached: 'cached',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};
