import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { ProcessContext } from '../../../extension/context';
import type { Api } from '../api/api';
import type { AccessConfig, Apis } from '../driver/apis';
import { artifactOf, untilAvailable } from '../driver/capture';
import { owning } from '../driver/kinds';
import type { PublishConfig } from '../driver/copy-image';
import { publish } from '../driver/publish';

/** Waits until an image can be started from, then distributes it as a build's is; gives it as the artifact. */
export async function publishImage(
  apis: Apis,
  api: Api,
  use: string,
  made: { readonly resources: readonly ResourceRecord[]; readonly name: string },
  config: PublishConfig & AccessConfig,
  ctx: ProcessContext,
): Promise<Artifact> {
  const { resources, name } = made;
  const image = await untilAvailable(api, resources[0]!.id!, 0, config, ctx);
  for (const resource of resources) await ctx.keep(resource);
  const plain = artifactOf(resources, api.region, { name, source: '', owner: image.OwnerId ?? '' });
  const { sourceImageId: _none, ...outputs } = plain.outputs;
  const snapshots = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
  const artifact = { ...plain, use, outputs: { ...outputs, snapshotId: snapshots[0] ?? '' } };
  // What is recorded of it is recorded by the engine when all is done.
  const publishing = { ...owning(use, ctx), recordSoFar: () => Promise.resolve() };
  return publish((region, role) => apis.of(config, ctx, region, role), artifact, config, publishing);
}
