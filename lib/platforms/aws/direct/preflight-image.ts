import type { Problem } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';
import type { AccessConfig } from '../driver/apis';
import type { NameConfig } from '../driver/capture';
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
      () => checkName(api, { ...config, skipCreateAmi: undefined }, ctx),
      () => checkRegions(api, config, ctx),
      ...more.map((check) => () => check(api)),
    ];
    return (await Promise.all(checks.map((check) => problemsOf(check, ctx)))).flat();
  });
}
