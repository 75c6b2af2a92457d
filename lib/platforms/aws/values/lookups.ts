import { GoldsmithError } from '../../../errors';
import type { SecretsManagerOptions, SsmParameterOptions } from '../../../core/secret-places';
import type { LookupExtension } from '../../../extension/lookup';
import type { JsonObject } from '../../../plan/json';
import type { AmiQuery } from '../amazon-image';
import { failed, isNotFound } from '../api/errors';
import { lookup } from '../driver/lookup';
import { withApi, type ValuePlace } from './open';

const MODULE = 'goldsmith/aws';

/** Finds parameters of Systems Manager. Packer's data source amazon-parameterstore. */
export const amazonParameterStore: LookupExtension = {
  kind: 'lookup',
  use: 'amazon-parameterstore',
  module: MODULE,
  resolve: async (query, ctx) => {
    const { name, version, ...place } = query as unknown as SsmParameterOptions & { readonly name: string };
    const Name = version === undefined ? name : `${name}:${version}`;
    const { Parameter = {} } = await withApi(place, name, ctx, (api) =>
      api.call('ssm:GetParameter', { Name }, ctx.signal).catch((error: unknown) => {
        throw isNotFound(error)
          ? absent(`there is no SSM parameter \`${Name}\` in ${api.region}`)
          : wrapped(Name, error);
      }),
    );
    if (Parameter.Type === 'SecureString') {
      throw new GoldsmithError(
        'LOOKUP_FAILED',
        `the SSM parameter \`${Name}\` is a SecureString, and a lock file is no secret`,
        {
          hint: `read it with \`Secret.fromSsmParameter('${name}')\`, which is in no file`,
        },
      );
    }
    return { value: Parameter.Value ?? '', version: String(Parameter.Version ?? ''), arn: Parameter.ARN ?? '' };
  },
};

/** Finds which version of a secret is there, never its value. Packer's data source amazon-secretsmanager. */
export const amazonSecretsManager: LookupExtension = {
  kind: 'lookup',
  use: 'amazon-secretsmanager',
  module: MODULE,
  resolve: async (query, ctx) => {
    const {
      id,
      versionStage = 'AWSCURRENT',
      ...place
    } = query as unknown as SecretsManagerOptions & {
      readonly id: string;
    };
    const found = await withApi(place, id, ctx, (api) =>
      api.call('secretsmanager:DescribeSecret', { SecretId: id }, ctx.signal).catch((error: unknown) => {
        throw isNotFound(error) ? absent(`there is no secret \`${id}\` in ${api.region}`) : wrapped(id, error);
      }),
    );
    const versions = Object.entries(found.VersionIdsToStages ?? {});
    const version = versions.find(([, stages]) => stages.includes(versionStage));
    if (!version) throw absent(`the secret \`${id}\` has no version \`${versionStage}\``);
    return { arn: found.ARN ?? '', name: found.Name ?? '', versionId: version[0] };
  },
};

/** Finds images. Packer's data source amazon-ami. */
export const amazonAmi: LookupExtension = {
  kind: 'lookup',
  use: 'amazon-ami',
  module: MODULE,
  resolve: async (query, ctx) => {
    const { place, asked } = query as unknown as { readonly place: ValuePlace; readonly asked: AmiQuery };
    const found = (await withApi(place, '', ctx, (api) => lookup(api, asked, ctx))) as Readonly<Record<string, string>>;
    const { imageId, region, name = '', owner = '', created = '', architecture = '' } = found;
    return { id: imageId, region, name, owner, creationDate: created, architecture } as JsonObject;
  },
};

function absent(message: string): GoldsmithError {
  return new GoldsmithError('LOOKUP_FAILED', message, {
    hint: 'is its name spelt right, and are `region` and the account those that it is in?',
  });
}

function wrapped(name: string, error: unknown): unknown {
  return failed('LOOKUP_FAILED', `\`${name}\` cannot be looked up`, error);
}
