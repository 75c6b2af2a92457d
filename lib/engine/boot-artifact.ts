import type { Artifact, ResourceRecord } from '../extension/artifact';
import type { Communicator } from '../extension/communicator';
import type { ResourceContext } from '../extension/context';
import type { BuildNode } from '../plan/schema';
import { checked } from './config';
import { resolveConfig } from './resolve';
import type { Services } from './services';

/** Starts a machine from an artifact, and connects to it. */
export async function bootArtifact(
  { source }: BuildNode,
  artifact: Artifact,
  services: Services,
  ctx: ResourceContext,
): Promise<Communicator> {
  const driver = await services.extensions.driver(source.use, ctx);
  const { schema } = services.extensions.get('platform', source.use);
  const config = checked(source, schema, await resolveConfig(source.config, services));
  const machine = await driver.launch(config, { kind: 'artifact', artifact }, ctx);
  return driver.connect(machine, config, ctx);
}

/** Lends out a machine; when `use` ends, however it does, the connection is closed and all that was made for it deleted. */
export async function lendMachine<T>(
  boot: (ctx: ResourceContext) => Promise<Communicator>,
  ctx: ResourceContext,
  use: (machine: Communicator) => Promise<T>,
): Promise<T> {
  const made: ResourceRecord[] = [];
  const noting: ResourceContext = {
    ...ctx,
    acquire: async (kind, locator, create) => {
      const resource = await ctx.acquire(kind, locator, create);
      made.push(resource);
      return resource;
    },
  };
  let communicator: Communicator | undefined;
  try {
    communicator = await boot(noting);
    return await use(communicator);
  } finally {
    await communicator?.close();
    // What cannot be deleted now is tried again when the node ends, and said then.
    for (const resource of made.reverse()) await ctx.release(resource).catch(() => undefined);
  }
}
