import type { App } from '../app';
import type { Plan } from '../plan/schema';
import { marked } from './marked';
import { Matcher, mismatches, show, StringLike, type Mismatch } from './match';
import { BASE_NAMES, builds, processes, steps, verifications, type View } from './views';

/** What is expected of something in the plan: keys that are not given do not matter, values may be of {@link Match}. */
export type Expected = Readonly<Record<string, unknown>>;

const MOST_SHOWN = 3;

/**
 * Assertions on what a program makes, without building anything. They throw an Error that shows what comes closest, so they work with any
 * test framework.
 *
 * @example
 * PlanAssert.fromApp(app)
 *   .buildCountIs(2)
 *   .hasBuild('docker', { image: 'Web', base: 'Core/Docker' })
 *   .hasStep('shell', { inline: Match.arrayWith([Match.stringLike('*nginx*')]), timeout: '5m' });
 */
export class PlanAssert {
  /** Of a program: synthesises it. Throws where the program is wrong. */
  static fromApp(app: App): PlanAssert {
    return new PlanAssert(app.synth());
  }

  /** Of a plan, such as one that was read from a file. */
  static fromPlan(plan: Plan): PlanAssert {
    return new PlanAssert(plan);
  }

  private constructor(
    /** The plan itself. */
    readonly plan: Plan,
  ) {}

  /**
   * There is a build on a platform like this.
   *
   * @param use type key of the platform, such as `docker`
   * @param expected `id`, `image`, `source` (its id), `base` (by name, such as `debian:bookworm` or `Core/Docker`),
   * `provisioners`, `dependsOn`, `maxAge`, and `config` or just the props of the source
   */
  hasBuild(use: string, expected: Expected = {}): this {
    return this.has('build', builds(this.plan), use, expected);
  }

  /** There is no such build. */
  hasNoBuild(use: string, expected: Expected = {}): this {
    return this.hasNo('build', builds(this.plan), use, expected);
  }

  /**
   * There is a provisioner like this, in any build.
   *
   * @param use its type key, such as `shell`
   * @param expected `id`, `build`, `image`, `source`, how it is run (`timeout`, `maxRetries`, …), and `config` or just its props
   */
  hasStep(use: string, expected: Expected = {}): this {
    return this.has('step', steps(this.plan), use, expected);
  }

  /** There is no such provisioner. */
  hasNoStep(use: string, expected: Expected = {}): this {
    return this.hasNo('step', steps(this.plan), use, expected);
  }

  /**
   * There is a post-processor like this.
   *
   * @param use its type key, such as `manifest`
   * @param expected `id`, `inputs`, `dependsOn`, `after`, `keepInputArtifact`, and `config` or just its props
   */
  hasProcess(use: string, expected: Expected = {}): this {
    return this.has('post-processor', processes(this.plan), use, expected);
  }

  /**
   * There is a verification like this.
   *
   * @param expected `id`, `build`, `use`, `timeout`, `dependsOn`, and `config` or just its props
   */
  hasVerification(expected: Expected = {}): this {
    const { use, ...rest } = expected;
    const all = verifications(this.plan);
    return this.has('verification', all, typeof use === 'string' ? use : undefined, rest);
  }

  /** There are so many builds; with a type key, so many on that platform. */
  buildCountIs(count: number, use?: string): this {
    const found = builds(this.plan).filter((build) => use === undefined || build.use === use);
    if (found.length === count) return this;
    const on = use === undefined ? '' : ` on \`${use}\``;
    throw new Error(
      `expected ${count} builds${on}, and there are ${found.length}: ${found.map(({ id }) => id).join(', ') || 'none'}`,
    );
  }

  /** Synth warned so, about the construct at `path` or one below it; everywhere with an empty path. */
  hasWarning(path: string, expected: string | Matcher): this {
    const warnings = Object.entries(this.plan.metadata)
      .filter(([at]) => path === '' || at === path || at.startsWith(`${path}/`))
      .flatMap(([at, { warnings = [] }]) => warnings.map((text) => ({ at, text })));
    if (warnings.some(({ text }) => mismatches(expected, text).length === 0)) return this;
    const list = warnings.map(({ at, text }) => `\n  ${at}: ${text}`).join('') || '\n  none';
    throw new Error(`no warning below ${path} is ${show(expected)}; there are:${list}`);
  }

  private has(what: string, all: readonly View[], use: string | undefined, expected: Expected): this {
    const candidates = all.filter((view) => use === undefined || view.use === use);
    const tried = candidates.map((view) => compare(view, expected)).sort((a, b) => a.wrong.length - b.wrong.length);
    if (tried[0]?.wrong.length === 0) return this;
    const wanted = use === undefined ? what : `${what} \`${use}\``;
    if (tried.length === 0) {
      const others = [...new Set(all.map((view) => view.use))].join(', ') || 'none at all';
      throw new Error(`the plan has no ${wanted}; it has: ${others}`);
    }
    const closest = tried.slice(0, MOST_SHOWN);
    const count = tried.length > closest.length ? `the closest ${closest.length} of ${tried.length}` : 'there is';
    const list = closest.map(({ view, shown, wrong }) => `\n\n${view.id} ${marked(shown, wrong)}`).join('');
    throw new Error(`no ${wanted} is like ${show(expected)}; ${count}:${list}`);
  }

  private hasNo(what: string, all: readonly View[], use: string, expected: Expected): this {
    const found = all.find((view) => view.use === use && compare(view, expected).wrong.length === 0);
    if (!found) return this;
    throw new Error(
      `no ${what} \`${use}\` should be like ${show(expected)}, but ${found.id} is: ${marked({ ...found.own, config: found.config }, [])}`,
    );
  }
}

interface Compared {
  readonly view: View;
  readonly shown: unknown;
  readonly wrong: readonly Mismatch[];
}

/** Keys that are the construct's own are looked for there, all others in its config. */
function compare(view: View, expected: Expected): Compared {
  const own: Record<string, unknown> = {};
  const config: Record<string, unknown> = {};
  const { config: nested, ...rest } = expected;
  for (const [key, value] of Object.entries(rest)) {
    if (key in view.own) own[key] = key === 'base' ? baseMatcher(value) : value;
    else config[key] = value;
  }
  const whole = nested instanceof Matcher ? mismatches(nested, view.config, ['config']) : [];
  const wrong = [
    ...mismatches(own, view.own),
    ...whole,
    ...mismatches({ ...(nested instanceof Matcher ? {} : (nested as object | undefined)), ...config }, view.config, [
      'config',
    ]),
  ];
  return { view, shown: { ...view.own, config: view.config }, wrong };
}

function baseMatcher(expected: unknown): unknown {
  const isName = typeof expected === 'string' || expected instanceof StringLike;
  return isName ? new BaseMatcher(expected) : expected;
}

/** A base by its name: what a lookup asks for, the build whose artifact it is, or an exact id. */
class BaseMatcher extends Matcher {
  constructor(private readonly expected: unknown) {
    super();
  }

  mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[] {
    const names = (actual as { [BASE_NAMES]?: readonly string[] } | undefined)?.[BASE_NAMES] ?? [];
    const fits = (name: unknown): boolean => mismatches(this.expected, name).length === 0;
    return names.some(fits) || fits(actual) ? [] : [{ path, expected: this.describe() }];
  }

  describe(): string {
    return show(this.expected);
  }
}
