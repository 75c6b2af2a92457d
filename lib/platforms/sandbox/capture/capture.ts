import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { Artifact, ArtifactFile, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { applyChanges } from '../../../oci/changes';
import type { RunConfig } from '../../../oci/run-config';
import type { Privilege } from '../machine/privilege';
import { createdAt, extendConfig, runConfigOf } from '../oci/image-config';
import { dockerFiles, layoutFiles } from '../oci/layout-files';
import { OLDEST } from '../base/minimal';
import type { SandboxConfig } from '../sandbox-props';
import type { Compression } from '../store/codec';
import type { Passed } from '../store/hashing';
import type { LayerRef, RootImage } from '../store/image';
import type { Store } from '../store/store';
import { flatten } from './flatten';
import { layerOf } from './layers';
import { outputOf, referenceOf } from './names';
import { dockerLayers, layoutLayers, writeArchive, writeFolder, writeLayout, writeStream } from './write';

/** What is captured. */
export interface Captured {
  /** What the machine started from, and its layers unpacked. */
  readonly base: RootImage;
  readonly baseFolders: readonly string[];
  /** What was changed: folders of overlayfs, the lowest first. */
  readonly changed: readonly { readonly dir: string; readonly frozen: boolean }[];
  readonly privilege: Privilege;
  readonly store: Store;
}

/** An artifact, and the image that it is: what builds on it starts from that. */
export interface CaptureResult {
  readonly artifact: Artifact;
  readonly image: RootImage;
  /** The layer that each changed folder became. */
  readonly made: readonly { readonly dir: string; readonly frozen: boolean; readonly layer: LayerRef }[];
  /** Nothing in the image is younger; seconds since the epoch. */
  readonly epoch: number;
}

/** Makes layers of what was changed, and writes the image in the form that was asked for. */
export async function capture(captured: Captured, config: SandboxConfig, ctx: ResourceContext): Promise<CaptureResult> {
  const epoch = epochOf(captured.base, config, ctx);
  const made = await makeLayers(captured, { epoch, compression: config.compression ?? 'gzip' }, ctx);
  const run = runOf(captured.base, config, ctx);
  const layers = [...captured.base.layers, ...made.map(({ layer }) => layer)];
  const added = made.map(({ layer }) => ({ diffId: layer.diffId, by: `goldsmith ${ctx.run.app}/${ctx.node.id}` }));
  const image: RootImage = {
    ...captured.base,
    layers,
    config: extendConfig(captured.base.config, { run, layers: added, epoch }),
  };
  const artifact = await write(captured, image, config, epoch, ctx);
  return { artifact, image, made, epoch };
}

/** How the image is run: as its base but for the changes. ONBUILD of the base is left out: Docker hands it on to nobody. */
function runOf({ config: base }: RootImage, { changes = [] }: SandboxConfig, ctx: ResourceContext): RunConfig {
  const { OnBuild: _, ...inherited } = runConfigOf(base);
  const run = applyChanges(inherited, changes);
  return {
    ...run,
    Labels: { ...run.Labels, 'dev.goldsmith.app': ctx.run.app, 'dev.goldsmith.node': ctx.node.id },
  };
}

async function makeLayers(
  captured: Captured,
  options: { epoch: number; compression: Compression },
  ctx: ResourceContext,
): Promise<CaptureResult['made']> {
  const made = [];
  for (const { dir, frozen } of captured.changed) {
    const layer = await layerOf(dir, frozen, options, captured.privilege, captured.store, ctx);
    if (layer) made.push({ dir, frozen, layer });
  }
  return made;
}

/** The youngest time that anything in the image has: else every build would give other bytes. */
function epochOf(base: RootImage, config: SandboxConfig, ctx: ResourceContext): number {
  const given = config.sourceDateEpoch ?? Number(ctx.env['SOURCE_DATE_EPOCH'] || Number.NaN);
  return Number.isSafeInteger(given) ? given : (createdAt(base.config) ?? OLDEST);
}

interface Written {
  readonly record: ResourceRecord;
  readonly passed: Passed | undefined;
  readonly digest?: string;
  readonly imageId?: string;
  readonly id: string;
}

async function write(
  captured: Captured,
  image: RootImage,
  config: SandboxConfig,
  epoch: number,
  ctx: ResourceContext,
): Promise<Artifact> {
  const format = config.format ?? 'oci-archive';
  const output = outputOf(config.output, format, ctx);
  const reference = referenceOf(config.reference, ctx);
  const isRoot = format === 'rootfs-tar' || format === 'directory';
  const { record, passed, digest, imageId, id } = isRoot
    ? await writeRoot(captured, image, format, output, epoch, ctx)
    : await writeImage(captured.store, image, format, output, reference, epoch, ctx);
  const sha256 = passed?.digest().slice('sha256:'.length);
  const files: ArtifactFile[] =
    format === 'directory' || format === 'oci-layout'
      ? [{ path: output, size: await sizeOf(ctx.resolvePath(output)) }]
      : [{ path: output, size: passed!.size, ...(sha256 !== undefined && { sha256 }) }];
  return {
    use: 'sandbox',
    kind: format,
    id,
    description: `${format} ${output}`,
    files,
    resources: [record],
    outputs: {
      id,
      path: output,
      ...(sha256 !== undefined && format !== 'directory' && { sha256 }),
      ...(digest !== undefined && { digest }),
      ...(imageId !== undefined && { imageId, reference }),
      ...(image.host && { base: 'host' }),
    },
  };
}

async function writeImage(
  store: Store,
  image: RootImage,
  format: 'oci-archive' | 'oci-layout' | 'docker-archive',
  output: string,
  reference: string,
  epoch: number,
  ctx: ResourceContext,
): Promise<Written> {
  const { files, digest, imageId } = layoutFiles(image.config, image.layers, reference);
  let passed: Passed | undefined;
  const record = await ctx.writeOutput(output, async (temporary) => {
    if (format === 'oci-layout')
      return writeLayout(temporary, { files, layers: layoutLayers(image.layers) }, store, ctx);
    const contents =
      format === 'oci-archive'
        ? { files, layers: layoutLayers(image.layers) }
        : { files: dockerFiles(image.config, image.layers, reference), layers: dockerLayers(image.layers) };
    passed = await writeArchive(temporary, contents, epoch, store, ctx);
  });
  return { record, passed, digest, imageId, id: digest };
}

async function writeRoot(
  captured: Captured,
  image: RootImage,
  format: 'rootfs-tar' | 'directory',
  output: string,
  epoch: number,
  ctx: ResourceContext,
): Promise<Written> {
  await fs.mkdir(ctx.tempDir, { recursive: true });
  const workDir = await fs.mkdtemp(path.join(ctx.tempDir, 'root-'));
  const layers = [...captured.baseFolders, ...captured.changed.map(({ dir }) => dir)];
  const bytes = flatten({ layers, difference: image.host, epoch, privilege: captured.privilege, workDir }, ctx);
  let passed: Passed | undefined;
  const record = await ctx.writeOutput(output, async (temporary) => {
    passed =
      format === 'directory'
        ? await writeFolder(temporary, bytes, captured.privilege, ctx)
        : await writeStream(temporary, bytes, ctx, compressionOf(output));
  });
  await fs.rm(workDir, { recursive: true, force: true });
  if (!passed) throw new GoldsmithError('CAPTURE_FAILED', `${output} was not written`);
  return { record, passed, id: passed.digest() };
}

function compressionOf(output: string): Compression {
  if (/\.t?gz$/.test(output)) return 'gzip';
  return /\.(t?zst|zstd)$/.test(output) ? 'zstd' : 'none';
}

async function sizeOf(dir: string): Promise<number> {
  let size = 0;
  for (const entry of await fs.readdir(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) size += (await fs.lstat(path.join(entry.parentPath, entry.name))).size;
  }
  return size;
}
