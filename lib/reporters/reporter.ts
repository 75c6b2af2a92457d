import type { RunEvent } from '../engine/events';

/** Shows a run to somebody, or writes it down. It only reads events: the engine never prints. */
export interface Reporter {
  /** Called for every event, in order. */
  event(event: RunEvent): void;
  /** Shows a line that comes from no event, such as what the command line says on Ctrl-C. */
  say?(text: string): void;
  /** Called once when no more events come, also where the run broke off. Leaves the terminal as it was. */
  close(): void | Promise<void>;
}

/** Where a reporter writes: a stream, or anything that takes text. */
export interface Output {
  write(text: string): unknown;
}

/** What a reporter must be told of its output, since it asks the process for nothing. */
export interface OutputOptions {
  readonly output: Output;
  /**
   * Whether to use colour. The command line turns it off for NO_COLOR and where nobody looks.
   * @default false
   */
  readonly colour?: boolean;
  /**
   * Folder of the project, from where the user stands: artifacts are shown with paths that can be copied.
   * @default - the project's folder is where the user stands
   */
  readonly folder?: string;
}

/** One reporter that passes every event on to several. */
export function reporters(...all: readonly Reporter[]): Reporter {
  return {
    event: (event) => {
      for (const reporter of all) reporter.event(event);
    },
    ...(all.some(({ say }) => say) && {
      say: (text: string) => {
        for (const reporter of all) reporter.say?.(text);
      },
    }),
    close: async () => {
      for (const reporter of all) await reporter.close();
    },
  };
}
