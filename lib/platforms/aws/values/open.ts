import type { AwsValueOptions } from '../../../core/secret-places';
import type { ValueContext } from '../../../extension/lookup';
import { accessOf } from '../api/access';
import { Api } from '../api/api';

/** How the account of a value is reached, as a plan holds it. */
export type ValuePlace = AwsValueOptions;

/** Calls AWS for a value: with the credentials of the environment, a profile or a role. */
export async function withApi<T>(
  { region, profile, roleArn, externalId }: ValuePlace,
  name: string,
  ctx: ValueContext,
  ask: (api: Api) => Promise<T>,
): Promise<T> {
  // An ARN says its region.
  const where = region ?? /^arn:[^:]+:[^:]+:([^:]+):/.exec(name)?.[1];
  const access = await accessOf(
    {
      ...(where !== undefined && { region: where }),
      ...(profile !== undefined && { profile }),
      ...(roleArn !== undefined && { assumeRole: { roleArn, ...(externalId !== undefined && { externalId }) } }),
    },
    ctx.env,
  );
  for (const variable of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
    const value = ctx.env[variable];
    if (value !== undefined && value !== '') ctx.secret(value);
  }
  const api = new Api(access, ctx.clock);
  try {
    return await ask(api);
  } finally {
    api.close();
  }
}
