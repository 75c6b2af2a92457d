import { GoldsmithError, messageOf } from '../errors';
import type { ResourceRecord } from '../extension/artifact';
import type { RunContext } from '../extension/context';
import type { Extensions } from './extensions';
import { destroyFile, FILE_KIND } from './files';

/** Deletes whatever a record names, by the extension that its kind begins with. */
export async function destroyResource(
  resource: ResourceRecord,
  extensions: Extensions,
  ctx: RunContext,
): Promise<void> {
  if (resource.kind === FILE_KIND) return destroyFile(resource, ctx.projectDir);
  const use = resource.kind.split(':')[0]!;
  try {
    if (extensions.has('platform', use)) return await (await extensions.driver(use, ctx)).destroy(resource, ctx);
    return await extensions.get('post-processor', use).destroy?.(resource, ctx);
  } catch (error) {
    throw new GoldsmithError(
      'LEAKED',
      `${resource.kind} ${resource.id ?? resource.token} could not be deleted: ${messageOf(error)}`,
      {
        cause: error,
        hint: 'see that the platform answers, then run `goldsmith recover`',
      },
    );
  }
}
