import { placeOf, type Access } from './access';
import type { CallName, Input, Output, Service } from './calls';
import { credentialsOf } from './credentials';
import { needSdk } from './sdk-package';

/** A call to AWS, made once. */
export interface Sdk {
  send<K extends CallName>(call: K, input: Input<K>, signal?: AbortSignal): Promise<Output<K>>;
  close(): void;
}

/** What is used of an SDK client. */
interface Client {
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

type Package = Readonly<Record<string, new (input: object) => object>>;

/** Milliseconds until a server must have taken a connection, and answered. */
const CONNECT = 10_000;
const ANSWER = 60_000;

/** The SDK's clients of one account and region. They are made, and their packages loaded, when they are needed first. */
export function openSdk(access: Access): Sdk {
  const clients = new Map<Service, Client>();
  const credentials = credentialsOf(access);
  const clientOf = (service: Service): Client => {
    let client = clients.get(service);
    if (!client) {
      const { region, endpoints, insecureSkipTlsVerify, env } = access;
      const { Agent } = require('node:https') as typeof import('node:https');
      const Kind = packageOf(service)[NAMES[service].client]!;
      client = new Kind({
        region,
        credentials,
        // Throttling concerns all builds together, so it is not the SDK that waits and tries again.
        maxAttempts: 1,
        ...(endpoints[service] !== undefined && { endpoint: endpoints[service] }),
        // Names of buckets are not in the names of hosts that are not AWS's own.
        ...(service === 's3' && endpoints.s3 !== undefined && { forcePathStyle: true }),
        useFipsEndpoint: env['AWS_USE_FIPS_ENDPOINT'] === 'true',
        useDualstackEndpoint: env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
        customUserAgent: 'goldsmith',
        requestHandler: {
          connectionTimeout: CONNECT,
          requestTimeout: ANSWER,
          ...(insecureSkipTlsVerify === true && { httpsAgent: new Agent({ rejectUnauthorized: false }) }),
        },
      }) as Client;
      clients.set(service, client);
    }
    return client;
  };
  return {
    send: async <K extends CallName>(call: K, input: Input<K>, signal?: AbortSignal): Promise<Output<K>> => {
      const [service, name] = call.split(':') as [Service, string];
      const Command = packageOf(service)[`${name}Command`]!;
      return (await clientOf(service).send(new Command(input), {
        // A signal of its own: the SDK leaves its listeners on it, and the run's would have those of all calls.
        ...(signal && { abortSignal: AbortSignal.any([signal]) }),
      })) as Output<K>;
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
}

/** What tells one account and region from another. */
export function identityOf(access: Access): string {
  return JSON.stringify([
    placeOf(access),
    access.endpoints,
    access.env['AWS_ACCESS_KEY_ID'],
    access.env['AWS_PROFILE'],
  ]);
}

/** What the SDK calls the services: its packages, and their clients. */
const NAMES: Readonly<Record<Service, { readonly package: string; readonly client: string }>> = {
  ebs: { package: 'client-ebs', client: 'EBSClient' },
  ec2: { package: 'client-ec2', client: 'EC2Client' },
  'ec2-instance-connect': { package: 'client-ec2-instance-connect', client: 'EC2InstanceConnectClient' },
  s3: { package: 'client-s3', client: 'S3Client' },
  ssm: { package: 'client-ssm', client: 'SSMClient' },
  sts: { package: 'client-sts', client: 'STSClient' },
  iam: { package: 'client-iam', client: 'IAMClient' },
  secretsmanager: { package: 'client-secrets-manager', client: 'SecretsManagerClient' },
};

function packageOf(service: Service): Package {
  return needSdk(`@aws-sdk/${NAMES[service].package}`, () => {
    switch (service) {
      case 'ec2':
        return require('@aws-sdk/client-ec2') as typeof import('@aws-sdk/client-ec2');
      case 'ebs':
        return require('@aws-sdk/client-ebs') as typeof import('@aws-sdk/client-ebs');
      case 's3':
        return require('@aws-sdk/client-s3') as typeof import('@aws-sdk/client-s3');
      case 'ssm':
        return require('@aws-sdk/client-ssm') as typeof import('@aws-sdk/client-ssm');
      case 'sts':
        return require('@aws-sdk/client-sts') as typeof import('@aws-sdk/client-sts');
      case 'iam':
        return require('@aws-sdk/client-iam') as typeof import('@aws-sdk/client-iam');
      case 'ec2-instance-connect':
        return require('@aws-sdk/client-ec2-instance-connect') as typeof import('@aws-sdk/client-ec2-instance-connect');
      case 'secretsmanager':
        return require('@aws-sdk/client-secrets-manager') as typeof import('@aws-sdk/client-secrets-manager');
    }
  }) as unknown as Package;
}
