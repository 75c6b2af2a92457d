import type { LookupExtension } from './lookup';
import type { PlatformExtension } from './platform';
import type { PostProcessorExtension } from './post-processor';
import type { ProvisionerExtension } from './provisioner';
import type { SecretExtension } from './secret';

export * from './artifact';
export * from './check';
export * from './communicator';
export * from './context';
export * from './lookup';
export * from './platform';
export * from './post-processor';
export * from './props';
export * from './provisioner';
export * from './secret';

/** Anything that a plan's `use` can name. */
export type Extension =
  PlatformExtension | ProvisionerExtension | PostProcessorExtension | SecretExtension | LookupExtension;

/** Whether an export of a module is an extension. */
export function isExtension(value: unknown): value is Extension {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, use, module } = value as Partial<Extension>;
  return typeof kind === 'string' && KINDS.includes(kind) && typeof use === 'string' && typeof module === 'string';
}

const KINDS: readonly string[] = ['platform', 'provisioner', 'post-processor', 'secret', 'lookup'];
