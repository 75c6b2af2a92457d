import type { Source } from './source';

/** Picks sources: by id, by platform type key, or by a function. */
export type SourceSelector = string | ((source: Source) => boolean);

/** Whether a selector picks a source. */
export function selects(selector: SourceSelector, source: Source): boolean {
  if (typeof selector === 'function') return selector(source);
  return selector === source.node.id || selector === source.type;
}

/** Whether something with these `only` and `except` applies to a source. */
export function applies(
  {
    only,
    except,
  }: { readonly only?: readonly SourceSelector[] | undefined; readonly except?: readonly SourceSelector[] | undefined },
  source: Source,
): boolean {
  // What is no list is reported by synth, which goes on to find every other problem.
  if (Array.isArray(only) && !only.some((selector: SourceSelector) => selects(selector, source))) return false;
  return !(Array.isArray(except) && except.some((selector: SourceSelector) => selects(selector, source)));
}
