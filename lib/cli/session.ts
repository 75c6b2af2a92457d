import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeSynthesis, type App } from '../app';
import { variablesForRun } from '../core/variable';
import { GoldsmithError } from '../errors';
import type { Extension } from '../extension';
import { readPlan } from '../plan/codec';
import type { Plan } from '../plan/schema';
import { givenInputs } from './inputs';
import type { Io } from './io';

/** A plan with all that a run of it needs: from the program, or from a file. */
export interface Session {
  readonly plan: Plan;
  readonly projectDir: string;
  readonly stateDir: string;
  readonly assetsDir: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly extensions: ReadonlyMap<string, Extension> | undefined;
  /** The file that the user named, where the plan comes from one. */
  readonly planGiven?: string;
  /** Where plan.json is. */
  readonly planFile: string;
  /** Writes the plan and its assets, where they come from a program. */
  write(): void;
}

/** Synthesises a program. */
export function openProgram(app: App, io: Io, options: { readonly state?: string; readonly output?: string }): Session {
  const outdir = path.resolve(app.baseDir, options.output ?? 'goldsmith.out');
  const synthesis = app.synthesize();
  return {
    plan: synthesis.plan,
    projectDir: app.baseDir,
    stateDir: stateDirOf(app.baseDir, io, options.state),
    assetsDir: path.join(outdir, 'assets'),
    variables: variablesForRun(app),
    extensions: synthesis.extensions,
    planFile: path.join(outdir, 'plan.json'),
    write: () => writeSynthesis(synthesis, outdir),
  };
}

/** Reads a plan from a file: the folder it is run in is the project. */
export function openPlan(file: string, io: Io, options: { readonly state?: string }): Session {
  const planFile = path.resolve(io.cwd, file);
  let text: string;
  try {
    text = fs.readFileSync(planFile, 'utf8');
  } catch (error) {
    throw new GoldsmithError(
      'NOT_FOUND',
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { hint: 'make a plan with `goldsmith synth`' },
    );
  }
  const { values } = givenInputs(process.argv.slice(2), io.env);
  return {
    plan: readPlan(text, file),
    projectDir: io.cwd,
    stateDir: stateDirOf(io.cwd, io, options.state),
    assetsDir: path.join(path.dirname(planFile), 'assets'),
    variables: values,
    extensions: undefined,
    planGiven: file,
    planFile,
    write: () => undefined,
  };
}

/** `--state`, else GOLDSMITH_STATE, else `.goldsmith` in the project. */
export function stateDirOf(projectDir: string, io: Io, state?: string): string {
  const given = state ?? io.env['GOLDSMITH_STATE'];
  return given === undefined ? path.join(projectDir, '.goldsmith') : path.resolve(io.cwd, given);
}
