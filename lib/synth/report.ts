import type { IConstruct } from 'constructs';
import { originOf } from '../core/origin';
import { GoldsmithError, type ErrorCode, type Problem } from '../errors';
import { Places } from './places';

/** Collects the problems of the whole program, each with the path and the line of its construct. */
export class Report {
  readonly problems: Problem[] = [];
  private readonly said = new Set<string>();
  private readonly places: Places;

  constructor(baseDir: string) {
    this.places = new Places(baseDir);
  }

  add(construct: IConstruct, code: ErrorCode, message: string, hint?: string): void {
    const path = construct.node.path || undefined;
    // What is rendered once for each build is wrong in each of them, but said once.
    const key = JSON.stringify([path, message]);
    if (this.said.has(key)) return;
    this.said.add(key);
    this.problems.push({ code, message, path, source: this.lineOf(construct), hint });
  }

  /** `images.ts:23`: relative to the program, so that it is the same in any folder. */
  lineOf(construct: IConstruct): string | undefined {
    const origin = originOf(construct);
    return origin && `${this.places.nameOf(origin.file)}:${origin.line}`;
  }

  /** Throws all problems as one error, if there are any. */
  throwIfAny(): void {
    if (this.problems.length > 0) throw GoldsmithError.all(this.problems);
  }
}
