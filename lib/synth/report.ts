import * as path from 'node:path';
import type { IConstruct } from 'constructs';
import { originOf } from '../core/origin';
import { GoldsmithError, type ErrorCode, type Problem } from '../errors';

/** Collects the problems of the whole program, each with the path and the line of its construct. */
export class Report {
  readonly problems: Problem[] = [];

  constructor(private readonly baseDir: string) {}

  add(construct: IConstruct, code: ErrorCode, message: string, hint?: string): void {
    const path = construct.node.path || undefined;
    // What is rendered once for each build is wrong in each of them, but said once.
    if (this.problems.some((known) => known.path === path && known.message === message)) return;
    this.problems.push({ code, message, path, source: this.lineOf(construct), hint });
  }

  /** `images.ts:23`: relative to the program, so that it is the same in any folder. */
  lineOf(construct: IConstruct): string | undefined {
    const origin = originOf(construct);
    return origin && `${path.relative(this.baseDir, origin.file).split(path.sep).join('/')}:${origin.line}`;
  }

  /** Throws all problems as one error, if there are any. */
  throwIfAny(): void {
    if (this.problems.length > 0) throw GoldsmithError.all(this.problems);
  }
}
