import { createHash } from 'node:crypto';
import { AwsError } from './errors';
import { idOf, type PublicImage } from './catalog';
import type { Caller } from './table';
import type { Parameter, World } from './world';

/** A call in one of AWS' JSON protocols. */
export interface JsonCall extends Caller {
  readonly world: World;
  readonly now: number;
  readonly input: Readonly<Record<string, unknown>>;
  /** Where the server was called, such as `127.0.0.1:41234`. */
  readonly at: string;
}

/** Does what a call in JSON asks for. */
export type JsonHandler = (call: JsonCall) => object;

/** A text of the input that must be there. */
export function text({ input }: JsonCall, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must not be null`,
  );
}

const keyOf = ({ account, region }: Caller, name: string): string => `${account} ${region} ${name}`;

function arn({ account, region }: Caller, name: string): string {
  return `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`;
}

function parameterView(call: JsonCall, parameter: Parameter): object {
  const { name, type, version, modified, dataType = 'text' } = parameter;
  const isSealed = type === 'SecureString' && call.input['WithDecryption'] !== true;
  // What KMS makes of it is nobody's to read.
  const value = isSealed ? sealed(parameter) : parameter.value;
  return {
    Name: name,
    Type: type,
    Value: value,
    Version: version,
    LastModifiedDate: modified / 1000,
    ARN: arn(call, name),
    DataType: dataType,
  };
}

function sealed({ name, version, account }: Parameter): string {
  return createHash('sha512').update(`${account} ${name} ${version}`).digest('base64');
}

/** A version of what has several. */
function versionOf(newest: Parameter, version: number): Parameter | undefined {
  let one: Parameter | undefined = newest;
  while (one && one.version !== version) one = one.before;
  return one;
}

/** A parameter that names an image must name one that is there. In life that is found out a moment later, and the parameter is not made. */
function checkDataType({ input, world, region }: JsonCall, value: string): string {
  const type = typeof input['DataType'] === 'string' ? input['DataType'] : 'text';
  if (type !== 'text' && type !== 'aws:ec2:image') {
    throw new AwsError('ValidationException', `The following data type is not supported: ${type}`);
  }
  if (type === 'aws:ec2:image' && world.images.find(value)?.region !== region) {
    throw new AwsError('ValidationException', `Invalid AMI ID: ${value} is no image in ${region}`);
  }
  return type;
}

/** Standard ones hold 4 KB: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html */
function tierOf({ input }: JsonCall, value: string): string {
  const asked = typeof input['Tier'] === 'string' ? input['Tier'] : 'Standard';
  const isLong = Buffer.byteLength(value) > 4096;
  if (asked === 'Standard' && isLong) {
    throw new AwsError(
      'ValidationException',
      'Standard tier parameters support a maximum parameter value of 4096 characters.',
    );
  }
  return asked === 'Intelligent-Tiering' ? (isLong ? 'Advanced' : 'Standard') : asked;
}

/** The parameter store, with the public parameters that name images. */
export function parameterStore(images: readonly PublicImage[]): Readonly<Record<string, JsonHandler>> {
  const find = (call: JsonCall, name: string): Parameter | undefined => {
    const image = images.find(({ parameters }) => parameters.includes(name));
    if (!image) return call.world.parameters.get(keyOf(call, name));
    const { account, region } = call;
    return {
      name,
      type: 'String',
      value: idOf(image, region),
      version: 1,
      modified: Date.parse(image.created),
      account,
      region,
    };
  };
  return {
    GetParameter: (call) => {
      const name = text(call, 'Name');
      const [, path = name, version] = /^(?:arn:[^:]+:ssm:[^:]+:\d+:parameter)?(.+?)(?::(\d+))?$/.exec(name) ?? [];
      const newest = find(call, path) ?? find(call, path.replace(/^\//, ''));
      if (!newest) throw new AwsError('ParameterNotFound', '');
      const found = version === undefined ? newest : versionOf(newest, Number(version));
      if (!found) throw new AwsError('ParameterVersionNotFound', `${name} has no version ${version}`);
      return { Parameter: parameterView(call, found) };
    },
    GetParametersByPath: (call) => {
      const path = text(call, 'Path').replace(/\/*$/, '/');
      const deep = call.input['Recursive'] === true;
      const names = [...call.world.parameters.values()]
        .filter((one) => one.account === call.account && one.region === call.region)
        .map(({ name }) => name);
      const all = [...names, ...images.flatMap(({ parameters }) => parameters)].filter(
        (name) => name.startsWith(path) && (deep || !name.slice(path.length).includes('/')),
      );
      return { Parameters: all.sort().map((name) => parameterView(call, find(call, name)!)) };
    },
    PutParameter: (call) => {
      const name = text(call, 'Name');
      const before = call.world.parameters.get(keyOf(call, name));
      if (before && call.input['Overwrite'] !== true) {
        throw new AwsError(
          'ParameterAlreadyExists',
          'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
        );
      }
      const version = (before?.version ?? 0) + 1;
      const type = typeof call.input['Type'] === 'string' ? call.input['Type'] : (before?.type ?? 'String');
      const value = text(call, 'Value');
      const dataType = checkDataType(call, value);
      const tier = tierOf(call, value);
      const { account, region, now } = call;
      call.world.parameters.set(keyOf(call, name), {
        name,
        type,
        value,
        version,
        modified: now,
        account,
        region,
        dataType,
        tier,
        before,
      });
      if (!before) {
        call.world.inventory.created({
          cloud: 'aws',
          kind: 'parameter',
          id: arn(call, name),
          region,
          detail: name,
          createdAt: now,
          lasts: true,
        });
      }
      return { Version: version, Tier: tier };
    },
    DeleteParameter: (call) => {
      const name = text(call, 'Name');
      if (!call.world.parameters.delete(keyOf(call, name))) throw new AwsError('ParameterNotFound', '');
      call.world.inventory.deleted(arn(call, name), call.now);
      return {};
    },
  };
}

function secretOf(call: JsonCall): Parameter {
  const id = text(call, 'SecretId');
  const found =
    call.world.secrets.get(keyOf(call, id)) ?? [...call.world.secrets.values()].find((one) => secretArn(one) === id);
  if (found) return found;
  throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
}

/** The six letters at the end of a secret's ARN are AWS' own: here they are always the same. */
function secretArn({ account, region, name }: Parameter): string {
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`;
}

function versionId({ version }: Parameter): string {
  return `00000000-0000-4000-a000-${String(version).padStart(12, '0')}`;
}

/** The version that is asked for, by its id or its stage. */
function secretVersion(call: JsonCall): Parameter {
  const newest = secretOf(call);
  const { VersionId: id, VersionStage: stage } = call.input;
  let one: Parameter | undefined = newest;
  while (one && !fits(one, newest, id, stage)) one = one.before;
  if (one) return one;
  throw new AwsError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret value for ${typeof id === 'string' ? `VersionId: ${id}` : `staging label: ${String(stage)}`}`,
  );
}

function fits(one: Parameter, newest: Parameter, id: unknown, stage: unknown): boolean {
  if (typeof id === 'string' && versionId(one) !== id) return false;
  const wanted = typeof stage === 'string' ? stage : typeof id === 'string' ? undefined : 'AWSCURRENT';
  return wanted === undefined || stagesOf(newest, one).includes(wanted);
}

function stagesOf(newest: Parameter, one: Parameter): readonly string[] {
  if (one === newest) return ['AWSCURRENT'];
  return one === newest.before ? ['AWSPREVIOUS'] : [];
}

/** The secrets manager. */
export const SECRETS: Readonly<Record<string, JsonHandler>> = {
  CreateSecret: (call) => {
    const name = text(call, 'Name');
    if (call.world.secrets.has(keyOf(call, name))) {
      throw new AwsError('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
    }
    const { account, region, now } = call;
    const value = typeof call.input['SecretString'] === 'string' ? call.input['SecretString'] : '';
    const secret = { name, type: 'secret', value, version: 1, modified: now, account, region };
    call.world.secrets.set(keyOf(call, name), secret);
    call.world.inventory.created({
      cloud: 'aws',
      kind: 'secret',
      id: secretArn(secret),
      region,
      detail: name,
      createdAt: now,
      lasts: true,
    });
    return { ARN: secretArn(secret), Name: name, VersionId: versionId(secret) };
  },
  GetSecretValue: (call) => {
    const secret = secretVersion(call);
    return {
      ARN: secretArn(secret),
      Name: secret.name,
      VersionId: versionId(secret),
      SecretString: secret.value,
      VersionStages: stagesOf(secretOf(call), secret),
      CreatedDate: secret.modified / 1000,
    };
  },
  DescribeSecret: (call) => {
    const secret = secretOf(call);
    const { before } = secret;
    return {
      ARN: secretArn(secret),
      Name: secret.name,
      LastChangedDate: secret.modified / 1000,
      CreatedDate: secret.modified / 1000,
      VersionIdsToStages: {
        [versionId(secret)]: ['AWSCURRENT'],
        ...(before && { [versionId(before)]: ['AWSPREVIOUS'] }),
      },
    };
  },
  PutSecretValue: (call) => {
    const before = secretOf(call);
    const secret = {
      ...before,
      value: text(call, 'SecretString'),
      version: before.version + 1,
      modified: call.now,
      before,
    };
    call.world.secrets.set(keyOf(call, before.name), secret);
    return { ARN: secretArn(secret), Name: secret.name, VersionId: versionId(secret), VersionStages: ['AWSCURRENT'] };
  },
  DeleteSecret: (call) => {
    const secret = secretOf(call);
    call.world.secrets.delete(keyOf(call, secret.name));
    call.world.inventory.deleted(secretArn(secret), call.now);
    return { ARN: secretArn(secret), Name: secret.name, DeletionDate: call.now / 1000 };
  },
};
