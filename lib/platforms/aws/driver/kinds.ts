import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';

/** What the code that all of AWS's platforms share calls their resources after. */
const SHARED = 'amazon-ebs';

/** A context in which what is acquired is called after the platform that makes it: by that it is found again to be deleted. */
export function owning<C extends ResourceContext>(use: string, ctx: C): C {
  return use === SHARED
    ? ctx
    : { ...ctx, acquire: (kind, locator, create) => ctx.acquire(renamed(kind, use), locator, create) };
}

/** A resource as the shared code knows it. */
export function asShared(resource: ResourceRecord): ResourceRecord {
  return { ...resource, kind: renamed(resource.kind, SHARED) };
}

/** A resource as a platform calls it. */
export function asOwn(use: string, resource: ResourceRecord): ResourceRecord {
  return { ...resource, kind: renamed(resource.kind, use) };
}

function renamed(kind: string, use: string): string {
  return use + kind.slice(kind.indexOf(':'));
}
