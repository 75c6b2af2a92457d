import * as fs from 'node:fs/promises';
import type { ChannelCloud } from '../channels';
import type { CloudRequest, CloudResponse } from '../cloud';
import type { Action, Call } from './call';
import { perform } from './call';
import type { PublicImage } from './catalog';
import { parameterStore, SECRETS, type JsonHandler } from './documents';
import { ACCESS_KEY, SECRET_KEY } from './credentials';
import { EC2 } from './ec2/actions';
import { tunnel } from './ec2/connect-endpoints';
import { closeHosts } from './ec2/host';
import { AwsError } from './errors';
import { EBS } from './ebs/ebs';
import { IAM } from './iam';
import { INSTANCE_CONNECT } from './instance-connect';
import { KMS } from './kms/kms';
import { readForm, type Params } from './protocol/params';
import { ec2Answer, ec2Error, queryAnswer, queryError } from './protocol/xml';
import { partsOf, type RestAnswer, type RestService } from './rest';
import { S3 } from './s3/s3';
import { dataChannel, SESSIONS } from './ssm/sessions';
import { accountOf, STS, UNSIGNED } from './sts';
import type { Caller } from './table';
import { metadata } from './this-machine';
import type { World } from './world';

/** The account where an access key says of none: the one of AWS' own examples. */
export const ACCOUNT = '123456789012';

const NAMESPACES = {
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
} as const;

/** Who signed a request, and for which service. */
interface Signed extends Caller {
  readonly service: string;
  readonly accessKey: string;
}

/** Whoever comes with a token of somebody else. */
const ANYBODY: Signed = { service: 'sts', accessKey: '', account: ACCOUNT, region: 'us-east-1' };

/** AWS, embedded: EC2, and of STS, IAM, the parameter store and the secrets manager what builds use. */
export function awsCloud(world: World, images: readonly PublicImage[]): ChannelCloud {
  const json: Readonly<Record<string, Readonly<Record<string, JsonHandler>>>> = {
    AmazonSSM: { ...parameterStore(images), ...SESSIONS },
    secretsmanager: SECRETS,
    AWSEC2InstanceConnectService: INSTANCE_CONNECT,
    TrentService: KMS,
  };
  return {
    name: 'aws',
    handle: (request) =>
      request.url.startsWith('/latest/') ? Promise.resolve(metadata(world, request)) : handle(world, json, request),
    channel: ({ url }) => dataChannel(world, url) ?? tunnel(world, url),
    environment: (endpoint) => ({
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      AWS_EC2_METADATA_DISABLED: 'true',
      GOLDSMITH_REHEARSAL_SPEED: String(world.pace.speed),
      AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint,
    }),
    settle: () => world.settle(),
    close: async () => {
      world.pace.end();
      await world.settle();
      world.changed();
      await world.settle();
      await closeHosts(world);
      await world.drives?.close();
      if (!world.outlives) await fs.rm(world.disks, { recursive: true, force: true });
    },
  };
}

async function handle(
  world: World,
  json: Readonly<Record<string, Readonly<Record<string, JsonHandler>>>>,
  request: CloudRequest,
): Promise<CloudResponse> {
  const target = request.headers['x-amz-target'];
  const requestId = world.requestId();
  if (typeof target === 'string') return jsonCall(world, json, target, request, requestId);
  const rest = REST[serviceOf(request) ?? ''];
  if (rest) return restCall(world, rest, request, requestId);
  const query = new URL(request.url, 'http://localhost').search.slice(1);
  const params = readForm(request.method === 'POST' ? request.body.toString('utf8') : query);
  const service = serviceOf(request) ?? (UNSIGNED.has(params.text('Action') ?? '') ? 'sts' : 'ec2');
  try {
    const action = params.text('Action') ?? '';
    const caller = UNSIGNED.has(action) ? ANYBODY : callerOf(request, world);
    const known = ({ ec2: EC2, sts: STS, iam: IAM } as Readonly<Record<string, Readonly<Record<string, Action>>>>)[
      caller.service
    ];
    const found = known !== undefined && Object.hasOwn(known, action) ? known[action] : undefined;
    if (!found)
      throw new AwsError(
        'InvalidAction',
        `The action ${action} is not valid for this web service: the rehearsal does not know it.`,
      );
    strike(world, action);
    world.enter(caller);
    const body = await perform(found, callFrom(world, caller, action, params, request.at));
    if (!/^(Describe|Get|List)/.test(action)) world.changed();
    const isLost = world.trouble.strikes('lostResponses');
    const xml =
      caller.service === 'ec2'
        ? ec2Answer(action, requestId, body)
        : queryAnswer(action, requestId, body, namespaceOf(caller.service));
    return { ...xmlOf(200, xml, requestId), lost: isLost };
  } catch (error) {
    const { code, message, status } = known(error, world);
    const xml =
      service === 'ec2'
        ? ec2Error(code, message, requestId)
        : queryError(code, message, requestId, namespaceOf(service));
    return xmlOf(status, xml, requestId);
  }
}

function callFrom(
  world: World,
  { account, region, accessKey }: Signed,
  action: string,
  params: Params,
  at: string,
): Call {
  return { action, params, world, account, region, accessKey, at, now: world.pace.now() };
}

/** Trouble that comes before anything is done. */
function strike(world: World, action: string): void {
  if (world.trouble.strikes('throttling')) throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  if (world.trouble.strikes('serverErrors')) {
    throw new AwsError('InternalError', `An internal error has occurred (${action}).`, 500);
  }
}

/** Services that are asked by method and path. */
const REST: Readonly<Record<string, RestService>> = { ebs: EBS, s3: S3 };

async function restCall(
  world: World,
  service: RestService,
  request: CloudRequest,
  requestId: string,
): Promise<CloudResponse> {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const whole = (answer: RestAnswer): CloudResponse => ({
    ...answer,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, ...answer.headers },
  });
  try {
    const caller = callerOf(request, world);
    const { method, headers, body } = request;
    const path = service.pathOf?.(pathname, headers.host ?? '') ?? partsOf(pathname);
    const name = service.nameOf(method, path, searchParams, headers);
    if (name === '')
      throw new AwsError('UnknownOperationException', `The rehearsal does not know ${method} ${pathname}.`, 404);
    strike(world, name);
    world.enter(caller);
    const { account, region } = caller;
    const call = { world, now: world.pace.now(), method, path, query: searchParams, headers, body, account, region };
    const answer = await service.handle(name, call);
    if (method !== 'GET' && method !== 'HEAD') world.changed();
    return { ...whole(answer), lost: world.trouble.strikes('lostResponses') };
  } catch (error) {
    return whole(service.refuse(known(error, world), requestId));
  }
}

function jsonCall(
  world: World,
  services: Readonly<Record<string, Readonly<Record<string, JsonHandler>>>>,
  target: string,
  request: CloudRequest,
  requestId: string,
): CloudResponse {
  const [service = '', action = ''] = target.split('.');
  try {
    const caller = callerOf(request, world);
    const handlers = Object.hasOwn(services, service) ? services[service]! : {};
    const handler = Object.hasOwn(handlers, action) ? handlers[action] : undefined;
    if (!handler) throw new AwsError('UnknownOperationException', `The rehearsal does not know ${target}.`);
    strike(world, action);
    world.enter(caller);
    const text = request.body.toString('utf8');
    const input = (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>;
    const { account, region } = caller;
    if (!/^(Describe|Get|List)/.test(action)) world.changed();
    const body = handler({ world, now: world.pace.now(), input, account, region, at: request.at });
    return { ...jsonOf(200, body, requestId), lost: world.trouble.strikes('lostResponses') };
  } catch (error) {
    const { code, message, status } = known(error, world);
    return jsonOf(status, { __type: code, message }, requestId);
  }
}

/** An answer of AWS for whatever went wrong; a fault of ours is told. */
function known(error: unknown, world: World): AwsError {
  if (error instanceof AwsError) return error;
  world.warn(`a call failed within the rehearsal itself: ${String(error)}`);
  return new AwsError('InternalError', String(error), 500);
}

const SCOPE = /Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;

function serviceOf({ headers }: CloudRequest): string | undefined {
  return SCOPE.exec(headers.authorization ?? '')?.[3];
}

/** Who calls: the scope of the signature says which key, region and service. */
function callerOf(request: CloudRequest, world: World): Signed {
  const { headers } = request;
  const [, accessKey, region, service] = SCOPE.exec(headers.authorization ?? '') ?? [];
  if (accessKey === undefined) {
    throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  }
  world.credentials.check(request, accessKey, service!);
  return { accessKey, region: region!, service: service!, account: accountOf(accessKey, ACCOUNT) };
}

function namespaceOf(service: string): string {
  return service === 'iam' ? NAMESPACES.iam : NAMESPACES.sts;
}

function xmlOf(status: number, body: string, requestId: string): CloudResponse {
  return { status, headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId }, body };
}

function jsonOf(status: number, body: object, requestId: string): CloudResponse {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId };
  return { status, headers, body: JSON.stringify(body) };
}
