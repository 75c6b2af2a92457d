import * as fs from 'node:fs';
import * as path from 'node:path';
import type { BuildOptions, RunReport } from '../../lib';
import type { RunEvent } from '../../lib/engine/events';
import type { NodeResult } from '../../lib/engine/events';
import { GoldsmithError, type Problem } from '../../lib/errors';
import { TestApp, type TestAppProps } from '../../lib/testing';

/** An App of the test that runs, removed after it. */
export function testApp(props: TestAppProps = {}): TestApp {
  const app = new TestApp(props);
  apps.push(app);
  return app;
}

const apps: TestApp[] = [];

afterEach(() => {
  for (const app of apps.splice(0)) app.cleanup();
});

/** A run with all that it said. */
export interface Ran {
  readonly report: RunReport;
  readonly events: readonly RunEvent[];
  /** How each node ended, `id: state`. */
  readonly states: Readonly<Record<string, string>>;
  node(id: string): NodeResult;
  /** Steps that ended, `id: state`. */
  readonly steps: readonly string[];
  /** What goldsmith said. */
  readonly messages: readonly string[];
  /** What commands printed. */
  readonly output: string;
}

/** Builds an app and gathers what happens. */
export async function build(app: Pick<TestApp, 'build'>, options: BuildOptions = {}): Promise<Ran> {
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    options.onEvent?.(event);
  };
  const report = await app.build({ env: {}, ...options, onEvent });
  return ran(report, events);
}

/** A report and its events, made easy to look at. */
export function ran(report: RunReport, events: readonly RunEvent[]): Ran {
  return {
    report,
    events,
    states: Object.fromEntries(report.nodes.map(({ id, state }) => [id, state])),
    node: (id) => {
      const found = report.nodes.find((node) => node.id === id);
      if (!found) throw new Error(`no node ${id}; there are ${report.nodes.map((node) => node.id).join(', ')}`);
      return found;
    },
    steps: events.flatMap((event) => (event.type === 'step-finished' ? [`${event.step}: ${event.state}`] : [])),
    messages: events.flatMap((event) => (event.type === 'message' ? [event.text] : [])),
    output: events.flatMap((event) => (event.type === 'output' ? [event.text] : [])).join(''),
  };
}

/** The problems of a program that is wrong. */
export function problemsOf(app: TestApp): readonly Problem[] {
  try {
    app.synth();
  } catch (error) {
    if (GoldsmithError.is(error)) return error.problems;
    throw error;
  }
  return [];
}

/** The line of this call in the file of the test, as problems name it. */
export function lineHere(offset = 0): number {
  const frame = new Error().stack!.split('\n')[2]!;
  return Number(/:(\d+):\d+\)?$/.exec(frame)![1]) + offset;
}

/** Every file below a folder with its content, by relative path. */
export function filesBelow(folder: string): Readonly<Record<string, string>> {
  const entries = fs.readdirSync(folder, { withFileTypes: true, recursive: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(folder, file), fs.readFileSync(file, 'latin1')];
      }),
  );
}

/** The error that a promise ends with. */
export async function failureOf(work: Promise<unknown>): Promise<GoldsmithError> {
  try {
    await work;
  } catch (error) {
    if (GoldsmithError.is(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
