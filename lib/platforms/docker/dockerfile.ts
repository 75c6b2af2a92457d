import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { createGzip } from 'node:zlib';
import type { ResourceRecord } from '../../extension/artifact';
import type { ResourceContext } from '../../extension/context';
import { tryReference } from '../../oci/reference';
import { listLocal } from '../../util/tar/list';
import { packEntries } from '../../util/tar/pack';
import { authFor } from './auth';
import type { RegistryAuth } from './client';
import type { DockerConfig } from './docker-extension';
import type { Engine } from './engine';
import { failed } from './errors';
import { ownReference } from './names';
import { progressLines } from './progress';

/** The Dockerfile under a name that no folder has. */
const DOCKERFILE = '.goldsmith.Dockerfile';

/** Builds the Dockerfile of a config. The image is let go when the build ends; as with `docker build`, the engine keeps its layers as a cache. */
export async function buildDockerfile(
  engine: Engine,
  config: DockerConfig,
  ctx: ResourceContext,
): Promise<ResourceRecord> {
  const build = config.build!;
  const buildDir = build.buildDir ?? path.dirname(build.path);
  ctx.say(`building ${path.basename(build.path)}`);
  const dockerfile = await fs.readFile(build.path);
  const registries = await credentials(dockerfile.toString('utf8'), config, ctx);
  const entries = await listLocal(buildDir.replace(/(?!^)[/\\]+$/, ''), await dockerignore(buildDir));
  return ctx.acquire('docker:image', { role: 'dockerfile', node: ctx.node.id }, async (token) => {
    const reference = ownReference('dockerfile', ctx.node.id, token);
    const tar = packEntries(entries, { extra: { [DOCKERFILE]: dockerfile } });
    const { platform } = config;
    const query = {
      dockerfile: DOCKERFILE,
      t: reference,
      rm: true,
      forcerm: true,
      buildargs: JSON.stringify(build.arguments ?? {}),
      labels: JSON.stringify(ctx.labels),
      ...(build.pull && { pull: true }),
      ...(build.target !== undefined && { target: build.target }),
      ...(platform !== undefined && { platform }),
    };
    try {
      const context = build.compress ? tar.pipe(createGzip()) : tar;
      const stream = await engine.build(context, query, registries, ctx.signal);
      for await (const line of progressLines(stream)) if (line.stream !== undefined) ctx.output(line.stream);
      return (await engine.image(reference)).Id;
    } catch (error) {
      ctx.signal.throwIfAborted();
      throw failed('LAUNCH_FAILED', `the Dockerfile ${path.basename(build.path)} could not be built`, error);
    } finally {
      tar.destroy();
    }
  });
}

/** Credentials for the registries that the Dockerfile takes images from. */
async function credentials(
  dockerfile: string,
  config: DockerConfig,
  ctx: ResourceContext,
): Promise<Record<string, RegistryAuth>> {
  const found: Record<string, RegistryAuth> = {};
  for (const [, image] of dockerfile.matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)/gim)) {
    const auth = tryReference(image!) && (await authFor(image!, config, ctx));
    if (auth?.serveraddress !== undefined) found[auth.serveraddress] = auth;
  }
  return found;
}

/** Decides by .dockerignore what is sent. dockerode brings the matcher that its own builds use. */
async function dockerignore(folder: string): Promise<(name: string) => boolean> {
  const patterns = await fs.readFile(path.join(folder, '.dockerignore'), 'utf8').catch(() => '');
  if (patterns.trim() === '') return () => true;
  const matcher = createRequire(require.resolve('dockerode'))('@balena/dockerignore') as (options: object) => {
    add(patterns: string): { ignores(name: string): boolean };
  };
  const ignored = matcher({ ignorecase: false }).add(patterns);
  return (name) => !ignored.ignores(name);
}
