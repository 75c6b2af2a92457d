import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';
import { isNotFound } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

type Parameter = Exclude<NonNullable<AmazonEbsConfig['ssmParameter']>, string>;

/** The parameter that names the newest image; undefined where there is none. */
export function parameterOf({ ssmParameter: given }: AmazonEbsConfig): Parameter | undefined {
  return typeof given === 'string' ? { name: given } : given;
}

/**
 * Has the parameter name an image. It is a sign that points at what is newest: it belongs to no image, so it is neither journalled nor
 * taken down, and what died in between is pointed anew by the next run.
 */
export async function pointParameter(api: Api, image: string, config: AmazonEbsConfig, ctx: RunContext): Promise<void> {
  const parameter = parameterOf(config);
  if (!parameter) return;
  const { name, tier, dataType = 'aws:ec2:image', description, overwrite = true } = parameter;
  const now = await read(api, name, ctx);
  if (now === image) return;
  if (now !== undefined && !overwrite) throw taken(api, name, now);
  await api.soon(
    'ssm:PutParameter',
    {
      Name: name,
      Value: image,
      Type: 'String',
      DataType: dataType,
      Overwrite: overwrite,
      ...(tier !== undefined && { Tier: tier }),
      ...(description !== undefined && { Description: description }),
    },
    ctx.signal,
  );
  ctx.say(`${name} in ${api.region} names ${image}${now === undefined ? '' : `, before ${now}`}`);
}

/** Before a build: a parameter that is there, and must not be changed. */
export async function checkParameter(api: Api, config: AmazonEbsConfig, ctx: RunContext): Promise<void> {
  const parameter = parameterOf(config);
  if (parameter?.overwrite !== false) return;
  const now = await read(api, parameter.name, ctx);
  if (now !== undefined) throw taken(api, parameter.name, now);
}

async function read(api: Api, Name: string, { signal }: RunContext): Promise<string | undefined> {
  const found = await api.call('ssm:GetParameter', { Name }, signal).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  return found?.Parameter?.Value;
}

function taken(api: Api, name: string, value: string): GoldsmithError {
  return new GoldsmithError(
    'PREFLIGHT_FAILED',
    `\`ssmParameter\` is \`${name}\`, which is there in ${api.region} and names ${value}`,
    { hint: 'leave out `overwrite: false`, or give it another name' },
  );
}
