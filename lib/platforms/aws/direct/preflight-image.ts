import type { Problem } from '../../../errors';
import type { ResourceContext, RunContext } from '../../../extension/context';
import type { Api } from '../api/api';
import type { AccessConfig } from '../driver/apis';

import { freeName, imagesNamed, type NameConfig } from '../driver/capture';
import { amiNameOf } from '../driver/names';
import { tagOf } from '../driver/tags';
import { checkName, checkRegions, problemsOf } from '../driver/preflight';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { withApis } from './resources';

type Config = AccessConfig &
  NameConfig &
  Pick<AmazonEbsConfig, 'skipCredentialValidation' | 'amiRegions' | 'skipRegionValidation'>;

/** Credentials count, the image's name can be had, and the regions are there. All problems at once. */
export function preflightImage(
  config: Config,
  ctx: RunContext,
  ...more: readonly ((api: Api) => Promise<unknown>)[]
): Promise<readonly Problem[]> {
  return withApis(ctx, async (apis) => {
    const api = await apis.of(config, ctx);
    if (config.skipCredentialValidation !== true) {
      const refused = await problemsOf(() => api.call('sts:GetCallerIdentity', {}, ctx.signal), ctx);
      if (refused.length > 0) return refused;
    }
    const checks = [
      () => nameIsFree(api, config, ctx),
      () => checkRegions(api, config, ctx),
      ...more.map((check) => () => check(api)),
    ];
    return (await Promise.all(checks.map((check) => problemsOf(check, ctx)))).flat();
  });
}

/** The image's name can be had. What made it in an earlier run may well be taken from the cache: that is not known yet. */
async function nameIsFree(api: Api, config: Config, ctx: RunContext): Promise<void> {
  const images = config.amiName === undefined ? [] : await imagesNamed(api, amiNameOf(config, ctx), ctx.signal);
  const isOwn = images.some(
    ({ Tags }) => tagOf(Tags, 'dev.goldsmith.node') === ctx.node.id && tagOf(Tags, 'dev.goldsmith.app') === ctx.run.app,
  );
  if (!isOwn) await checkName(api, { ...config, skipCreateAmi: undefined }, ctx);
}

/** The name as it is to be: what has it already goes where it may, and else nothing is begun. */
export async function takeName(api: Api, config: NameConfig, ctx: ResourceContext): Promise<string> {
  const name = await freeName(api, config, ctx);
  await checkName(api, { ...config, skipCreateAmi: undefined }, ctx);
  return name;
}
