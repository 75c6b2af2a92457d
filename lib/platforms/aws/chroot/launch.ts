import type { Image } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { LaunchFrom } from '../../../extension/platform';
import { renderTemplate } from '../../../util/template';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { describeBase, imageIdOf } from '../driver/base';
import type { AmazonChrootConfig } from '../props/amazon-chroot-props';
import { inChroot } from './communicator';
import { ownInstance, type OwnInstance } from './identity';
import { lendFiles } from './lent-files';
import { runHere } from './local';
import { mountExtra, mountPathOf, mountRoot } from './mounts';
import { attachVolume, makeVolume } from './volume';

/** A root that is mounted on this machine. */
export interface Root {
  /** What it started from. */
  readonly image: Image | undefined;
  readonly volume: ResourceRecord;
  readonly attachment: ResourceRecord;
  readonly mount: ResourceRecord;
  /** Where it is mounted. */
  readonly path: string;
}

/** Makes the volume, attaches it to this machine and mounts it. */
export async function launchRoot(
  api: Api,
  config: AmazonChrootConfig,
  from: LaunchFrom,
  ctx: ResourceContext,
): Promise<Root> {
  const own = await ownInstance(ctx);
  checkRegion(own, api.region);
  const image = config.fromScratch === true ? undefined : await describeBase(api, imageIdOf(from, api.region));
  const volume = await makeVolume(api, image, own, config, ctx);
  const { attachment, device } = await attachVolume(api, volume.id!, own, config, ctx);
  const path = mountPathOf(config, device);
  await runAll('preMountCommands', config, { Device: device }, ctx);
  const place = { path, ...(config.commandWrapper !== undefined && { commandWrapper: config.commandWrapper }) };
  const mount = await ctx.acquire('amazon-ebs:mount', asLocator(api.place, place), async () => {
    await mountRoot(config, device, path, { ...ctx, signal: new AbortController().signal });
    return path;
  });
  await runAll('postMountCommands', config, { Device: device, MountPath: path }, ctx);
  await mountExtra(config, path, ctx);
  await lendFiles(config, inChroot(path, config), ctx);
  return { image, volume, attachment, mount, path };
}

/** A volume goes to an instance of its own region only. */
export function checkRegion({ region, instanceId }: OwnInstance, wanted: string): void {
  if (region === wanted) return;
  throw new GoldsmithError(
    'PREFLIGHT_FAILED',
    `\`region\` is ${wanted}, and this machine (${instanceId}) is in ${region}`,
    { hint: `amazon-chroot builds where it runs: give \`region: '${region}'\`, and ${wanted} in \`amiRegions\`` },
  );
}

async function runAll(
  prop: 'preMountCommands' | 'postMountCommands',
  config: AmazonChrootConfig,
  values: Readonly<Record<string, string>>,
  ctx: ResourceContext,
): Promise<void> {
  for (const command of config[prop] ?? []) {
    await runHere(renderTemplate(prop, command, values), config, ctx, { shows: true });
  }
}
