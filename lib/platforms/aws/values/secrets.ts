import { GoldsmithError, messageOf } from '../../../errors';
import type { SecretsManagerOptions, SsmParameterOptions } from '../../../core/secret-places';
import type { SecretExtension } from '../../../extension/secret';
import type { Api } from '../api/api';
import { isNotFound } from '../api/errors';
import { withApi } from './open';

/** Reads `Secret.fromSsmParameter`. */
export const amazonParameterStoreSecret: SecretExtension = {
  kind: 'secret',
  use: 'amazon-parameterstore',
  module: 'goldsmith/aws',
  onceARun: true,
  read: (reference, ctx) => {
    const { name, ...options } = reference as unknown as SsmParameterOptions & { readonly name: string };
    return withApi(options, name, ctx, (api) => parameter(api, name, options, ctx.signal)).catch(unavailable(name));
  },
};

/** Reads `Secret.fromSecretsManager`. */
export const amazonSecretsManagerSecret: SecretExtension = {
  kind: 'secret',
  use: 'amazon-secretsmanager',
  module: 'goldsmith/aws',
  onceARun: true,
  read: async (reference, ctx) => {
    const { id, ...options } = reference as unknown as SecretsManagerOptions & { readonly id: string };
    const all = await withApi(options, id, ctx, (api) => secret(api, id, options, ctx.signal)).catch(unavailable(id));
    return options.key === undefined ? all : valueIn(all, id, options.key);
  },
};

async function parameter(
  api: Api,
  name: string,
  { version }: SsmParameterOptions,
  signal: AbortSignal,
): Promise<string> {
  const Name = version === undefined ? name : `${name}:${version}`;
  const { Parameter } = await api
    .call('ssm:GetParameter', { Name, WithDecryption: true }, signal)
    .catch((error: unknown) => {
      throw isNotFound(error) ? nothing(`there is no SSM parameter \`${Name}\` in ${api.region}`) : error;
    });
  return Parameter?.Value ?? '';
}

async function secret(
  api: Api,
  id: string,
  { versionId, versionStage }: SecretsManagerOptions,
  signal: AbortSignal,
): Promise<string> {
  const asked = {
    SecretId: id,
    ...(versionId !== undefined && { VersionId: versionId }),
    ...(versionStage !== undefined && { VersionStage: versionStage }),
  };
  const answer = await api.call('secretsmanager:GetSecretValue', asked, signal).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    const which = versionId ?? versionStage;
    const of = which === undefined ? '' : `, or no version \`${which}\` of it,`;
    throw nothing(`there is no secret \`${id}\`${of} in ${api.region}`);
  });
  if (answer.SecretString !== undefined) return answer.SecretString;
  return Buffer.from(answer.SecretBinary ?? []).toString('base64');
}

function valueIn(all: string, id: string, key: string): string {
  const values = objectOf(all);
  if (!values)
    throw nothing(`the secret \`${id}\` is no JSON object, so there is no \`${key}\` in it`, 'leave out `key`');
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  if (value === undefined || value === null) {
    const names = Object.keys(values).join(', ');
    throw nothing(`the secret \`${id}\` has no \`${key}\`; it has: ${names}`, 'is `key` spelt right?');
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was read is in no message, so it is not said where the text is no JSON. */
function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function nothing(message: string, hint = HINT): GoldsmithError {
  return new GoldsmithError('SECRET_UNAVAILABLE', message, { hint });
}

function unavailable(name: string): (error: unknown) => never {
  return (error) => {
    if (GoldsmithError.is(error) && ['SECRET_UNAVAILABLE', 'CANCELLED', 'MISSING_DEPENDENCY'].includes(error.code))
      throw error;
    throw new GoldsmithError('SECRET_UNAVAILABLE', `\`${name}\` cannot be read: ${messageOf(error)}`, {
      hint: GoldsmithError.is(error) ? error.hint : undefined,
      cause: error,
    });
  };
}

const HINT = 'is its name spelt right, and are `region` and the account those that it is in?';
