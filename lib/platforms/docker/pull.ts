import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import { isFor, parsePlatform } from '../../oci/platform';
import { isSameName, tryReference } from '../../oci/reference';
import { authFor, type LoginProps } from './auth';
import type { BaseQuery, ResolvedBase } from './base';
import type { Engine } from './engine';
import type { ImageInfo } from './engine-types';
import { failed, isNotFound } from './errors';
import { progressLines, withLayerProgress } from './progress';

/** What pulling depends on beside the name. */
export interface PullProps extends LoginProps {
  readonly pull?: 'missing' | 'always' | 'never' | boolean | undefined;
  readonly platform?: string | undefined;
}

/** When to pull, in one word. */
export function pullPolicy(pull: PullProps['pull']): 'missing' | 'always' | 'never' {
  if (typeof pull === 'string') return pull;
  return pull === undefined ? 'missing' : pull ? 'always' : 'never';
}

/**
 * The exact image that a name means now.
 *
 * @param refresh asks the registry also where the image is there already, if it came from one
 */
export async function lookupBase(
  engine: Engine,
  query: BaseQuery,
  props: PullProps,
  refresh: boolean,
  ctx: RunContext,
): Promise<ResolvedBase> {
  const { image, platform } = query;
  const policy = pullPolicy(props.pull);
  const there = await findImage(engine, image, platform, ctx.signal);
  const stale = policy === 'always' || (refresh && policy === 'missing' && digestFor(image, there) !== undefined);
  if (there && !stale) return resolved(image, there);
  if (!there && policy === 'never') {
    throw new GoldsmithError(
      'LOOKUP_FAILED',
      `the image ${image}${forPlatform(platform)} is not on the Docker Engine, and \`pull\` forbids to pull it`,
      {
        hint: `pull it by hand with \`docker pull ${image}\`, or leave \`pull\` out`,
      },
    );
  }
  return resolved(image, await pullImage(engine, image, { ...props, platform }, ctx));
}

/** The image on the engine; pulled by its digest where it is not there. */
export async function ensureBase(
  engine: Engine,
  base: ResolvedBase,
  props: PullProps,
  ctx: RunContext,
): Promise<ImageInfo> {
  const names = [base.id, base.digest].filter((name) => name !== undefined);
  for (const name of names) {
    const image = await findImage(engine, name, props.platform, ctx.signal);
    if (image) return image;
  }
  if (base.digest !== undefined && pullPolicy(props.pull) !== 'never')
    return pullImage(engine, base.digest, props, ctx);
  const name = base.image === base.id ? base.image : `${base.image} (${base.digest ?? base.id})`;
  throw new GoldsmithError('NOT_FOUND', `the image ${name}${forPlatform(props.platform)} is not on the Docker Engine`, {
    hint:
      base.digest === undefined
        ? 'it came from no registry, so it cannot be pulled: load or build it here; `goldsmith update` takes what its name means now'
        : 'leave `pull` out, so that it is pulled',
  });
}

async function pullImage(engine: Engine, image: string, props: PullProps, ctx: RunContext): Promise<ImageInfo> {
  ctx.say(`pulling ${image}${forPlatform(props.platform)}`);
  // Not below: what is wrong with Docker's configuration says itself what helps.
  const auth = await authFor(image, props, ctx);
  try {
    const stream = await engine.pull(image, props.platform, auth, ctx.signal);
    for await (const line of withLayerProgress(`pull ${image}`, progressLines(stream), ctx)) void line;
    return await engine.image(image, ctx.signal);
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw failed(
      'LOOKUP_FAILED',
      `the image ${image}${forPlatform(props.platform)} could not be pulled`,
      error,
      pullHint(image),
    );
  }
}

function pullHint(image: string): string {
  const registry = tryReference(image)?.registry;
  return `check the name, and that ${registry} is reachable from the engine; a private image needs \`docker login ${registry}\` or \`loginUsername\` and \`loginPassword\``;
}

/** The image, if it is there for this platform. */
async function findImage(
  engine: Engine,
  name: string,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<ImageInfo | undefined> {
  try {
    const image = await engine.image(name, signal);
    return matches(image, platform) ? image : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function matches({ Os, Architecture, Variant }: ImageInfo, platform: string | undefined): boolean {
  return (
    platform === undefined || isFor(parsePlatform(platform), { os: Os, architecture: Architecture, variant: Variant })
  );
}

function resolved(image: string, info: ImageInfo): ResolvedBase {
  const digest = digestFor(image, info);
  return { image, id: info.Id, ...(digest !== undefined && { digest }) };
}

/** Under which digest the registry of this name has it. */
function digestFor(image: string, info: ImageInfo | undefined): string | undefined {
  const name = tryReference(image)?.name ?? '';
  return info?.RepoDigests?.find((digest) => isSameName(digest.slice(0, digest.indexOf('@')), name));
}

function forPlatform(platform: string | undefined): string {
  return platform === undefined ? '' : ` for ${platform}`;
}
