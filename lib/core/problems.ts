import type { Construct, IConstruct } from 'constructs';
import type { ErrorCode, Problem } from '../errors';

const found = new WeakMap<IConstruct, { problem: Omit<Problem, 'path' | 'source'>; construct: IConstruct }[]>();

/**
 * Notes a problem that a constructor found. Constructors do not throw for it: synth reports all problems at once,
 * each with the path and the line of its construct.
 */
export function addProblem(construct: IConstruct, code: ErrorCode, message: string, hint?: string): void {
  const list = found.get(construct) ?? [];
  list.push({ construct, problem: { code, message, hint } });
  found.set(construct, list);
}

/** The problems noted on one construct. */
export function problemsOf(construct: IConstruct): readonly Omit<Problem, 'path' | 'source'>[] {
  return (found.get(construct) ?? []).map(({ problem }) => problem);
}

const duplicates = new WeakMap<Construct, string[]>();

/**
 * An id that is free under `scope`. The constructs library throws on a duplicate at once, which would hide every
 * problem after it; so the second gets another id, and synth reports it.
 */
export function freeId(scope: Construct, id: string): string {
  if (scope.node.tryFindChild(id) === undefined) return id;
  duplicates.set(scope, [...(duplicates.get(scope) ?? []), id]);
  let number = 2;
  while (scope.node.tryFindChild(`${id}~${number}`) !== undefined) number += 1;
  return `${id}~${number}`;
}

/** The id that the user wrote, for a construct that {@link freeId} renamed. */
export function duplicateIdOf(construct: IConstruct): string | undefined {
  const match = /^(.*)~\d+$/.exec(construct.node.id);
  const scope = construct.node.scope as Construct | undefined;
  return match && scope && duplicates.get(scope)?.includes(match[1]!) ? match[1] : undefined;
}
