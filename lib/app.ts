import * as fs from 'node:fs';
import * as path from 'node:path';
import { RootConstruct } from 'constructs';
import { givenInputs } from './cli/inputs';
import { callerFile, rememberOrigin } from './core/origin';
import { addProblem } from './core/problems';
import { provideVariables, variablesForRun } from './core/variable';
import type { RunOptions, RunReport } from './engine/options';
import type { RehearsalOptions } from './rehearsal/options';
import type { RehearsalReport } from './rehearsal/rehearse';
import { writePlan } from './plan/codec';
import type { Plan } from './plan/schema';
import { synthesize, type Synthesis } from './synth/synthesize';
import { explainErrno } from './util/errno';

/** Props of {@link App}. */
export interface AppProps {
  /**
   * Folder that relative paths start from, and beside which state, lock file and outputs are kept.
   * @default - the folder of the file that makes the App
   */
  readonly baseDir?: string;
  /**
   * Values of variables, by name. Where it is given, neither the command line nor the environment is read.
   * @default - `--var`, `--var-file` and `GOLDSMITH_VAR_x`
   */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Options of {@link App.build}. */
export type BuildOptions = Omit<RunOptions, 'projectDir' | 'extensions' | 'assetsDir' | 'variables' | 'env'> & {
  /**
   * Environment for secrets and for the platforms' clients.
   * @default - the process's
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/** Options of {@link App.rehearse}. */
export type RehearseOptions = BuildOptions & {
  /**
   * What the embedded clouds are like.
   * @default - nothing goes wrong, machines start from a minimal root, and delays pass 50 times as fast as in life
   */
  readonly rehearsal?: RehearsalOptions;
};

const BRAND = Symbol.for('goldsmith.app');
/** Which file is the main program where goldsmith's own command loaded it. */
export const MAIN = Symbol.for('goldsmith.main');

/**
 * The root of a program: all images go below it.
 *
 * @example
 * const app = new App('acme-images');
 * const web = new Image(app, 'Web');
 * new DockerSource(web, 'Docker', { base: 'debian:bookworm' });
 * app.run();
 */
export class App extends RootConstruct {
  /** Whether a value is an App, also from another copy of this package. */
  static is(value: unknown): value is App {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** Its name: part of default names, and how the catalog knows it. */
  readonly name: string;
  /** Folder that relative paths start from. */
  readonly baseDir: string;

  constructor(name: string, props: AppProps = {}) {
    super();
    rememberOrigin(this);
    Object.defineProperty(this, BRAND, { value: true });
    this.name = name;
    const caller = callerFile();
    this.baseDir = path.resolve(props.baseDir ?? path.dirname(caller ?? path.join(process.cwd(), 'images.ts')));
    if (isMainProgram(caller)) (require('./cli/uncaught') as typeof import('./cli/uncaught')).printUncaught();
    const inputs = props.variables
      ? { values: props.variables, problems: [] }
      : givenInputs(process.argv.slice(2), process.env);
    provideVariables(this, { given: inputs.values });
    for (const problem of inputs.problems) addProblem(this, 'INVALID_VARIABLE', problem);
    if (!/^[A-Za-z0-9@][A-Za-z0-9@._/-]*$/.test(name)) {
      addProblem(
        this,
        'INVALID_PROPS',
        `the name of the app is ${JSON.stringify(name)}; it may have letters, digits, and \`-\`, \`_\`, \`.\`, \`/\`, \`@\``,
      );
    }
  }

  /**
   * The tree as a plan. Nothing is sent anywhere, and nothing is written unless `outdir` is given.
   *
   * @throws GoldsmithError with all problems of the program
   */
  synth(options: { readonly outdir?: string } = {}): Plan {
    const synthesis = this.synthesize();
    if (options.outdir !== undefined) writeSynthesis(synthesis, options.outdir);
    return synthesis.plan;
  }

  /**
   * Builds images from within a program: synth, then a run of the engine. Resolves with the report, also where builds failed.
   *
   * @example
   * const report = await app.build({ select: ['Web/*'], onEvent: (event) => console.log(event.type) });
   * @throws GoldsmithError where the program is wrong or the run cannot start
   */
  async build(options: BuildOptions = {}): Promise<RunReport> {
    const { run } = require('./engine/engine') as typeof import('./engine/engine');
    const { plan, runOptions } = this.prepare(options);
    return run(plan, runOptions);
  }

  /**
   * Builds against embedded clouds: the same calls on the wire, the same commands really run, and no account is needed. Resolves with
   * the report, which also says what a real run would have created; it is `ok` only where nothing of that is left.
   *
   * @example
   * const report = await app.rehearse({ select: ['Web/*'], rehearsal: { images: { 'ubuntu/images/*': 'host' } } });
   * @throws GoldsmithError where the program is wrong or the run cannot start
   */
  async rehearse(options: RehearseOptions = {}): Promise<RehearsalReport> {
    const { rehearse } = require('./rehearsal/rehearse') as typeof import('./rehearsal/rehearse');
    const { rehearsal = {}, ...build } = options;
    const { plan, runOptions } = this.prepare(build);
    return rehearse(plan, runOptions, rehearsal);
  }

  /**
   * Acts on the command line when this file is the main program (`npx ts-node images.ts build`), and does nothing where it is
   * imported. Without a command it builds.
   */
  run(): void {
    if (!isMainProgram(callerFile())) return;
    const { runProgram } = require('./cli/main') as typeof import('./cli/main');
    void runProgram(this);
  }

  /** Writes the plan, and says with which options it is run. */
  private prepare(options: BuildOptions): { readonly plan: Plan; readonly runOptions: RunOptions } {
    const synthesis = this.synthesize();
    const outdir = path.join(this.baseDir, 'goldsmith.out');
    writeSynthesis(synthesis, outdir);
    const runOptions: RunOptions = {
      env: process.env,
      ...options,
      projectDir: this.baseDir,
      assetsDir: path.join(outdir, 'assets'),
      extensions: synthesis.extensions,
      variables: variablesForRun(this),
    };
    return { plan: synthesis.plan, runOptions };
  }

  /** @internal */
  synthesize(): Synthesis {
    return synthesize(this, { app: this.name, baseDir: this.baseDir });
  }
}

/** Writes plan.json and the assets. */
export function writeSynthesis({ plan, stage }: Synthesis, outdir: string): void {
  const file = path.join(outdir, 'plan.json');
  try {
    fs.mkdirSync(outdir, { recursive: true });
    stage(path.join(outdir, 'assets'));
    fs.writeFileSync(`${file}.${process.pid}.tmp`, writePlan(plan));
    fs.renameSync(`${file}.${process.pid}.tmp`, file);
  } catch (error) {
    throw explainErrno(error, `writing the plan to ${path.relative(process.cwd(), outdir) || '.'}`);
  }
}

function isMainProgram(caller: string | undefined): boolean {
  const main = (globalThis as { [MAIN]?: string })[MAIN] ?? process.argv[1];
  if (caller === undefined || main === undefined) return false;
  return realFile(main) === realFile(caller);
}

/** `ts-node images` runs images.ts: the name of the main program may lack its ending. */
function realFile(file: string): string {
  const candidates = [file, ...['.ts', '.js', '.mts', '.cts', '.mjs', '.cjs'].map((ending) => `${file}${ending}`)];
  const found = candidates.find((candidate) => fs.existsSync(candidate));
  return found === undefined ? file : fs.realpathSync(found);
}
