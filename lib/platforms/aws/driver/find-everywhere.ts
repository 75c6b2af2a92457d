import type { RunContext } from '../../../extension/context';
import type { Stray } from '../../../extension/platform';
import type { Apis } from './apis';
import { findIn, regionsOf } from './find';
import { findIdentities } from './find-identity';

/** Where regions are asked for when nothing says where: docs.aws.amazon.com/general/latest/gr/ec2-service.html. */
const FIRST_REGION = 'us-east-1';

/** Everything of a run, or of all of them, in all regions of the account that the environment's credentials are for. */
export async function findEverywhere(apis: Apis, run: string | undefined, ctx: RunContext): Promise<readonly Stray[]> {
  const { env } = ctx;
  const first = await apis.inRegion(env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? FIRST_REGION, ctx);
  const regions = await regionsOf(first, ctx.signal);
  const found = await Promise.all(regions.map(async (region) => findIn(await apis.inRegion(region, ctx), run, ctx)));
  // Last: an instance that is still there uses its profile.
  return [...found.flat(), ...(await findIdentities(first, run, ctx))];
}
