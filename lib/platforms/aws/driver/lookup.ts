import type { Image } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { Json } from '../../../plan/json';
import type { Api } from '../api/api';
import { failed, isNotFound } from '../api/errors';
import type { AmiQuery } from '../amazon-image';
import { asBase, imageById, noteImage } from './base';
import { filtersOf } from './filters';

type Signalled = Pick<RunContext, 'signal'>;

/** The image that a query means now. */
export async function lookup(api: Api, query: AmiQuery, ctx: Signalled): Promise<Json> {
  try {
    return asBase(
      query.by === 'filter' ? await byFilter(api, query, ctx) : await byParameter(api, query.name, ctx),
      api.region,
    );
  } catch (error) {
    throw failed('LOOKUP_FAILED', 'the image to start from could not be looked up', error);
  }
}

async function byFilter(api: Api, query: AmiQuery & { readonly by: 'filter' }, ctx: Signalled): Promise<Image> {
  const { filters = {}, owners, mostRecent, includeDeprecated } = query;
  const found: Image[] = [];
  let NextToken: string | undefined;
  do {
    const page = await api.call(
      'ec2:DescribeImages',
      {
        Owners: [...owners],
        Filters: filtersOf(filters),
        ...(includeDeprecated === true && { IncludeDeprecated: true }),
        ...(NextToken !== undefined && { NextToken }),
      },
      ctx.signal,
    );
    found.push(...(page.Images ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined && NextToken !== '');
  const [newest, second] = found.sort((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''));
  const asked = `${JSON.stringify(filters)} of ${owners.join(', ')} in ${api.region}`;
  if (!newest) {
    throw new GoldsmithError('LOOKUP_FAILED', `no image matches ${asked}`, {
      hint: 'see what is there with `aws ec2 describe-images`; a deprecated one needs `includeDeprecated`',
    });
  }
  if (second && mostRecent !== true) {
    const names = found.slice(0, 5).map(({ ImageId, Name }) => `${ImageId} (${Name})`);
    throw new GoldsmithError('LOOKUP_FAILED', `${found.length} images match ${asked}: ${names.join(', ')}`, {
      hint: 'narrow the filters, or take the newest with `mostRecent: true`',
    });
  }
  noteImage(api, newest);
  return newest;
}

async function byParameter(api: Api, name: string, ctx: Signalled): Promise<Image> {
  const { Parameter } = await api.call('ssm:GetParameter', { Name: name }, ctx.signal).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw new GoldsmithError('LOOKUP_FAILED', `there is no SSM parameter ${name} in ${api.region}`, {
      hint: 'AWS lists its own below /aws/service: `aws ssm get-parameters-by-path --path /aws/service/…`',
    });
  });
  const text = Parameter?.Value ?? '';
  // ECS's and others' parameters hold JSON with the id in it.
  const id = /^ami-[0-9a-f]+$/.test(text) ? text : /"image_id"\s*:\s*"(ami-[0-9a-f]+)"/.exec(text)?.[1];
  if (id === undefined) {
    throw new GoldsmithError(
      'LOOKUP_FAILED',
      `the SSM parameter ${name} holds no id of an image: ${text.slice(0, 80)}`,
    );
  }
  return imageById(api, id);
}
