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
  if (only && !only.some((selector) => selects(selector, source))) return false;
  return !except?.some((selector) => selects(selector, source));
}
