import type { Json } from '../../plan/json';
import { tryReference } from '../../oci/reference';

/** What a base resolved to. At least one of `id` and `digest` is there. */
export interface ResolvedBase {
  /** The name the user wrote. */
  readonly image: string;
  /** Id of the image (the digest of its config), the same on every engine with the classic image store. */
  readonly id?: string;
  /** `repository@sha256:…`, where it came from a registry: what another engine can pull. */
  readonly digest?: string;
}

/** What a lookup asks. */
export interface BaseQuery {
  readonly image: string;
  readonly platform?: string;
}

/** Content-addressed, so what it names cannot move. */
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;

/** A base as the user wrote it: something that can move, or something exact. */
export function dockerBase(
  base: string,
  platform: string | undefined,
): { readonly query: { readonly [key: string]: Json } } | { readonly exact: Json } | { readonly problem: true } {
  if (IMAGE_ID.test(base)) return { exact: { image: base, id: base } };
  const reference = tryReference(base);
  if (!reference) return { problem: true };
  if (reference.digest !== undefined)
    return { exact: { image: base, digest: `${reference.name}@${reference.digest}` } };
  return { query: { image: base, ...(platform !== undefined && { platform }) } };
}
