import type { ProcessContext } from '../../../extension/context';
import type { Api } from '../api/api';

/** ARN of the key that a snapshot shall be encrypted with, as EBS direct wants it; undefined for AWS's own. */
export async function keyArnOf(
  api: Api,
  { kmsKeyId }: { readonly kmsKeyId?: string | undefined },
  { signal }: ProcessContext,
): Promise<string | undefined> {
  if (kmsKeyId === undefined || kmsKeyId === '' || kmsKeyId.startsWith('arn:'))
    return kmsKeyId === '' ? undefined : kmsKeyId;
  const { Account = '', Arn = '' } = await api.call('sts:GetCallerIdentity', {}, signal);
  const [, partition = 'aws'] = Arn.split(':');
  return `arn:${partition}:kms:${api.region}:${Account}:key/${kmsKeyId}`;
}
