import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { Machine } from '../../../extension/platform';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import type { AmazonEbsVolumeConfig } from '../props/amazon-ebs-volume-props';
import type { Flavor } from './flavor';
import { dataOf } from './launch';
import { snapshotVolume } from './snapshots';
import { asTags, PUBLISHED, STATE } from './tags';
import { volumesOf } from './volumes';

type Wanted = AmazonEbsVolumeConfig['ebsVolumes'][number];

/** Makes volumes, and snapshots of them, and no image. */
export const VOLUMES_ONLY: Flavor<AmazonEbsVolumeConfig> = {
  use: 'amazon-ebsvolume',
  launched: ({ ebsVolumes, ...config }) => ({
    ...config,
    launchBlockDeviceMappings: ebsVolumes.map(({ deleteOnTermination = false, ...device }) => ({
      ...device,
      deleteOnTermination,
    })),
    // Until it is finished, a volume is of no use to anybody.
    keepsVolumes: true,
  }),
  make,
};

async function make(
  api: Api,
  machine: Machine,
  config: AmazonEbsVolumeConfig,
  ctx: ResourceContext,
): Promise<Artifact> {
  const { id, image } = dataOf(machine);
  const wanted = config.ebsVolumes;
  const ids = await volumesOf(
    api,
    id,
    wanted.map(({ deviceName }) => deviceName),
    config,
    ctx,
  );
  const made = await Promise.all(
    wanted.map(async (volume) => {
      const volumeId = ids.get(volume.deviceName)!;
      return { ...volume, volumeId, snapshot: await snapshotOf(api, volumeId, volume, config, ctx) };
    }),
  );
  const volumes = made.filter(({ deleteOnTermination }) => deleteOnTermination !== true);
  const resources: ResourceRecord[] = [];
  for (const { volumeId, tags } of volumes) {
    const resource = await ctx.acquire('amazon-ebs:volume', asLocator(api.place), async () => {
      const Tags = asTags({ ...tags, [STATE]: PUBLISHED });
      await api.call('ec2:CreateTags', { Resources: [volumeId], Tags });
      return volumeId;
    });
    resources.push(resource);
  }
  resources.push(...made.flatMap(({ snapshot }) => snapshot ?? []));
  for (const resource of resources) await ctx.keep(resource);
  const byDevice = (list: readonly (readonly [string, string])[]): Record<string, string> => Object.fromEntries(list);
  const snapshots = byDevice(
    made.flatMap(({ deviceName, snapshot }) => (snapshot ? [[deviceName, snapshot.id!]] : [])),
  );
  const all = [...volumes.map(({ volumeId }) => volumeId), ...Object.values(snapshots)].map(
    (one) => `${api.region}:${one}`,
  );
  return {
    use: 'amazon-ebsvolume',
    kind: 'ebs-volumes',
    id: all.join(','),
    description: `volumes ${all.join(', ')}`,
    files: [],
    resources,
    outputs: {
      region: api.region,
      sourceImageId: image,
      volumes: byDevice(volumes.map(({ deviceName, volumeId }) => [deviceName, volumeId])),
      snapshots,
    },
  };
}

async function snapshotOf(
  api: Api,
  volume: string,
  wanted: Wanted,
  config: AmazonEbsVolumeConfig,
  ctx: ResourceContext,
): Promise<ResourceRecord | undefined> {
  const { deviceName: device, snapshotDescription: description, snapshotTags: tags } = wanted;
  if (wanted.snapshotVolume !== true) return undefined;
  const snapshot = await snapshotVolume(api, { volume, device, description, tags }, config, ctx);
  const { snapshotUsers = [], snapshotGroups = [] } = wanted;
  const Add = [...snapshotUsers.map((UserId) => ({ UserId })), ...snapshotGroups.map((Group) => ({ Group }))];
  if (Add.length > 0) {
    const permission = { Attribute: 'createVolumePermission' as const, CreateVolumePermission: { Add } };
    await api.soon('ec2:ModifySnapshotAttribute', { SnapshotId: snapshot.id!, ...permission }, ctx.signal);
  }
  const Tags = asTags({ [STATE]: PUBLISHED });
  await api.call('ec2:CreateTags', { Resources: [snapshot.id!], Tags }, ctx.signal);
  return snapshot;
}
