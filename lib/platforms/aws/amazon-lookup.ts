import { Lookup, type LookupValue } from '../../core/lookup';
import type { AwsValueOptions, SecretsManagerOptions, SsmParameterOptions } from '../../core/secret-places';
import type { JsonObject } from '../../plan/json';
import type { AmazonImageLookup } from './amazon-image';

/** What {@link AmazonLookup.ssmParameter} finds. */
export interface SsmParameterValues {
  readonly value: LookupValue;
  readonly version: LookupValue;
  readonly arn: LookupValue;
}

/** What {@link AmazonLookup.secret} finds: which version is there, never its value. */
export interface SecretVersionValues {
  readonly arn: LookupValue;
  readonly name: LookupValue;
  readonly versionId: LookupValue;
}

/** What {@link AmazonLookup.image} finds. */
export interface AmazonImageValues {
  readonly id: LookupValue;
  readonly name: LookupValue;
  readonly owner: LookupValue;
  /** When it was made, such as `2026-11-01T07:11:32.000Z`. */
  readonly creationDate: LookupValue;
  readonly architecture: LookupValue;
  readonly region: LookupValue;
}

/** Values that stand in AWS, pinned in the lock file: Packer's data sources. */
export const AmazonLookup = {
  /**
   * A parameter of Systems Manager that is no secret.
   *
   * @param name such as `/acme/release`, or its ARN
   */
  ssmParameter(name: string, options: SsmParameterOptions = {}): SsmParameterValues {
    const found = ask('amazon-parameterstore', { name, ...options }, `ssm parameter ${name}`, options);
    return { value: found.field('value'), version: found.field('version'), arn: found.field('arn') };
  },

  /**
   * Which version of a secret of Secrets Manager is there: what uses it is built anew when the secret has changed and `goldsmith update`
   * was run. Its value is read with `Secret.fromSecretsManager`.
   */
  secret(id: string, options: Omit<SecretsManagerOptions, 'key' | 'versionId'> = {}): SecretVersionValues {
    const found = ask('amazon-secretsmanager', { id, ...options }, `secret ${id}`, options);
    return { arn: found.field('arn'), name: found.field('name'), versionId: found.field('versionId') };
  },

  /** The newest image that matches, for what wants its id and is no source. A source takes `AmazonImage.lookup`. */
  image(wanted: AmazonImageLookup, place: Omit<AwsValueOptions, 'region'> = {}): AmazonImageValues {
    const { name, region, filters = {}, ...rest } = wanted;
    const all = { ...filters, ...(name !== undefined && { name }) };
    const where = { ...place, ...(region !== undefined && { region }) };
    const words = Object.entries(all).map(([key, value]) => `${key}=${value}`);
    const asked = { by: 'filter', ...rest, filters: all, mostRecent: true };
    const label = `image ${words.join(' ')} of ${rest.owners.join(', ')}`;
    const found = ask('amazon-ami', { place: where, asked } as unknown as JsonObject, label, where);
    return {
      id: found.field('id'),
      name: found.field('name'),
      owner: found.field('owner'),
      creationDate: found.field('creationDate'),
      architecture: found.field('architecture'),
      region: found.field('region'),
    };
  },
} as const;

/** Labels are the keys of the lock file: what is asked elsewhere is another thing. */
function ask(use: string, query: object, words: string, { region, profile, roleArn }: AwsValueOptions): Lookup {
  const where = [region, profile, roleArn].filter((one) => one !== undefined);
  const { version, versionStage } = query as { readonly version?: unknown; readonly versionStage?: unknown };
  const which = [version, versionStage].filter((one) => one !== undefined).map(String);
  const label = ['amazon', words, ...which, ...(where.length > 0 ? [`in ${where.join(', ')}`] : [])].join(' ');
  return Lookup.of({ use, query: query as JsonObject, label, module: 'goldsmith/aws' });
}
