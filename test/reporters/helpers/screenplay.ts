import { ttyReporter } from '../../../lib/reporters/tty';
import type { Recorder } from './recorder';
import { Terminal } from './terminal';

/** The live tree on an emulated terminal, driven by the recorder's time: `wait` runs the timers that fall due. */
export function onTerminal(recorder: Recorder, columns = 80, rows = 24, colour = true) {
  const terminal = new Terminal(columns, rows);
  let timers: { at: number; run: () => void }[] = [];
  const reporter = ttyReporter({
    output: terminal,
    colour,
    size: () => ({ columns: terminal.columns, rows: terminal.height }),
    now: () => clock,
    later: (run, ms) => {
      const timer = { at: clock + ms, run };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
  });
  let clock = recorder.now;
  recorder.onEvent = (event) => reporter.event(event);
  recorder.onWait = (ms) => {
    const end = clock + ms;
    for (;;) {
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      clock = next.at;
      timers = timers.filter((other) => other !== next);
      next.run();
    }
    clock = end;
  };
  return { terminal, reporter, timers: () => timers.length };
}
