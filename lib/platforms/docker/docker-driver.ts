import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import type { LookupOptions, PlatformDriver } from '../../extension/platform';
import type { Json } from '../../plan/json';
import type { BaseQuery } from './base';
import { makeArtifact, makeCheckpoint, publishArtifact } from './capture';
import { DockerCommunicator } from './communicator';
import type { DockerConfig } from './docker-extension';
import { launch } from './launch';
import { machineData } from './machine';
import { findByRun } from './find';
import { openEngine } from './open-engine';
import { preflight } from './preflight';
import { lookupBase } from './pull';
import { removeResource, resourceExists } from './remove';
import { splitTmpfs } from './run-options';

/** The verbs of the Docker platform, over one engine. */
export async function createDriver(ctx: RunContext): Promise<PlatformDriver<DockerConfig>> {
  const engine = await openEngine(ctx);
  return {
    async lookup(query, config, runCtx, { refresh = false }: LookupOptions = {}) {
      const base = await lookupBase(engine, query as unknown as BaseQuery, config, refresh, runCtx);
      return base as unknown as Json;
    },
    preflight: (config, runCtx) => preflight(engine, config, runCtx),
    launch: (config, from, resourceCtx) => launch(engine, config, from, resourceCtx),
    async connect(machine, config, resourceCtx) {
      const { id, name, base, waits } = machineData(machine);
      const user = config.user ?? base.User ?? '';
      const argv = [...(base.Entrypoint ?? []), ...(base.Cmd ?? [])];
      const access = {
        container: id,
        name,
        execUser: config.execUser,
        containerUser: user,
        ...(waits && argv.length > 0 && { main: { argv, ...(user !== '' && { user }) } }),
        pty: config.pty ?? false,
        fixUploadOwner: config.fixUploadOwner ?? true,
        hidden: ['/dev', '/proc', '/sys', ...(config.tmpfs ?? []).map((text) => splitTmpfs(text)[0])],
      };
      return new DockerCommunicator(engine, access, resourceCtx.clock);
    },
    checkpoint: (machine, config, resourceCtx) => makeCheckpoint(engine, machine, config, resourceCtx),
    capture: (machine, config, resourceCtx) => makeArtifact(engine, machine, config, resourceCtx),
    publish: (artifact, config) => publishArtifact(engine, artifact, config),
    exists: (resource) => resourceExists(engine, resource),
    destroy: (resource, runCtx) => removeResource(engine, known(resource), runCtx),
    find: (run) => findByRun(engine, run),
    access(machine, { execUser }) {
      const { name } = machineData(machine);
      const user = execUser === undefined ? '' : `-u ${execUser} `;
      return { enter: `docker exec -it ${user}${name} /bin/sh`, remove: `docker rm -f -v ${name}` };
    },
    async close() {
      engine.close();
    },
  };
}

/** A kind that a newer version made is not guessed at. */
function known<R extends { readonly kind: string }>(resource: R): R {
  if (resource.kind === 'docker:container' || resource.kind === 'docker:image') return resource;
  throw new GoldsmithError('INTERNAL', `the docker platform knows no resource of kind \`${resource.kind}\``);
}
