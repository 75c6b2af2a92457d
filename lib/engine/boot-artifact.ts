import type { Artifact, ResourceRecord } from '../extension/artifact';
import { MAIN_LOG, type Communicator } from '../extension/communicator';
import type { ResourceContext } from '../extension/context';
import type { BuildNode } from '../plan/schema';
import { shellQuote } from '../util/quote';
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
  const communicator = await driver.connect(machine, config, ctx);
  await startMain(communicator, ctx);
  return communicator;
}

/** What a container is for runs beside the checks. It may end: that is seen by what it should have done. */
async function startMain(machine: Communicator, ctx: ResourceContext): Promise<void> {
  const { main } = machine;
  if (!main || main.argv.length === 0) return;
  const log = `log=${MAIN_LOG}; ( : >"$log" ) 2>/dev/null || log=/dev/null`;
  const command = `${log}\n${main.argv.map(shellQuote).join(' ')} >"$log" 2>&1 </dev/null &`;
  await machine.exec(command, { signal: ctx.signal, ...(main.user !== undefined && { user: main.user }) });
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
