import * as fs from 'node:fs';
import { GoldsmithError } from '../../errors';
import type { Artifact } from '../../extension/artifact';
import type { ResourceContext } from '../../extension/context';
import type { LaunchFrom, Machine } from '../../extension/platform';
import type { RunConfig } from '../../oci/run-config';
import type { ResolvedBase } from './base';
import { demuxAll } from './demux';
import type { DockerConfig } from './docker-extension';
import { buildDockerfile } from './dockerfile';
import type { Engine } from './engine';
import { failed, isConflict, isNotFound } from './errors';
import { inheritedConfig } from './image-config';
import { asJson, checkpointData, imageOf } from './machine';
import { creating } from './lost';
import { containerName, ownReference } from './names';
import { importFile } from './import-file';
import { ensureBase } from './pull';
import { containerBody, isWaiting, volumeBinds } from './run-options';

/** An image to start a container from, and what the built image will have from it. */
interface Start {
  readonly image: string;
  readonly base: RunConfig;
}

/** Starts a container from an image, a Dockerfile, another build's artifact or a checkpoint. */
export async function launch(
  engine: Engine,
  config: DockerConfig,
  from: LaunchFrom,
  ctx: ResourceContext,
): Promise<Machine> {
  const { image, base } = await startFrom(engine, config, from, ctx);
  const body = containerBody(
    image,
    base,
    config,
    ctx.labels,
    volumeBinds(config, (path) => ctx.resolvePath(path)),
  );
  const resource = await ctx.acquire('docker:container', { node: ctx.node.id }, async (token) => {
    const name = containerName(token);
    try {
      return await creating(engine, name, () => create(engine, name, config.platform, body));
    } catch (error) {
      throw failed('LAUNCH_FAILED', 'the container could not be created', error);
    }
  });
  const id = resource.id!;
  ctx.signal.throwIfAborted();
  await engine.start(id).catch((error: unknown) => {
    throw failed('LAUNCH_FAILED', 'the container could not be started', error, startHint(error));
  });
  // Goldsmith's own main process does not end; somebody else's may.
  const waits = isWaiting(config);
  if (!waits) await checkRunning(engine, id, ctx);
  return { resource, data: asJson({ id, name: containerName(resource.token), base, waits }) };
}

/** The name is derived, so what an earlier try of the same creation left is known by it, and makes room. */
async function create(engine: Engine, name: string, platform: string | undefined, body: object): Promise<string> {
  try {
    return await engine.createContainer(name, platform, body);
  } catch (error) {
    if (!isConflict(error)) throw error;
    await engine.removeContainer(name).catch((gone: unknown) => {
      if (!isNotFound(gone)) throw gone;
    });
    return engine.createContainer(name, platform, body);
  }
}

async function startFrom(engine: Engine, config: DockerConfig, from: LaunchFrom, ctx: ResourceContext): Promise<Start> {
  if (from.kind === 'checkpoint') return checkpointData(from.checkpoint);
  if (from.kind === 'artifact') return startFromArtifact(engine, from.artifact, ctx);
  if (from.base === undefined) return startFromImage(engine, (await buildDockerfile(engine, config, ctx)).id!);
  const { Id, Config } = await ensureBase(engine, from.base as unknown as ResolvedBase, config, ctx);
  return { image: Id, base: inheritedConfig(Config) };
}

/** An exported file system is imported for as long as the container runs. */
async function startFromArtifact(engine: Engine, artifact: Artifact, ctx: ResourceContext): Promise<Start> {
  if (artifact.kind !== 'docker-export') return startFromImage(engine, imageOf(artifact));
  const file = ctx.resolvePath(artifact.files[0]?.path ?? artifact.id);
  const { id } = await ctx.acquire('docker:image', { role: 'import', node: ctx.node.id }, (token) =>
    importFile(engine, fs.createReadStream(file), ownReference('import', ctx.node.id, token), {}, ctx.signal),
  );
  return startFromImage(engine, id!);
}

async function startFromImage(engine: Engine, image: string): Promise<Start> {
  try {
    const { Id, Config } = await engine.image(image);
    return { image: Id, base: inheritedConfig(Config) };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new GoldsmithError('NOT_FOUND', `the image ${image} is not on the Docker Engine any more`, {
      hint: 'build it again with --force',
      cause: error,
    });
  }
}

/** Milliseconds in which a main process that cannot stay has ended. */
const SETTLES = 500;

async function checkRunning(engine: Engine, id: string, { clock, signal }: ResourceContext): Promise<void> {
  const enough = new AbortController();
  const ended = engine.ended(id, AbortSignal.any([signal, enough.signal]));
  ended.catch(() => undefined);
  await Promise.race([ended, clock.sleep(SETTLES, signal)]);
  enough.abort();
  const { State } = await engine.container(id);
  if (State.Running) return;
  const output = await demuxAll(await engine.logs(id, 20)).catch(() => '');
  throw new GoldsmithError('LAUNCH_FAILED', `the container's main process ended with exit status ${State.ExitCode}`, {
    hint: '`entrypoint` and `command` must name something that keeps running; leave both out to have goldsmith wait itself',
    ...(output !== '' && { output }),
  });
}

function startHint(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : '';
  if (/\/bin\/sh.*(no such file|not found)|exec format error/i.test(text)) {
    return /exec format/i.test(text)
      ? 'the image is for another platform than the engine runs: see `platform`, or install emulation (binfmt)'
      : 'provisioning needs /bin/sh in the image; a distroless one can be the base of a Dockerfile, but not be provisioned';
  }
  return undefined;
}
