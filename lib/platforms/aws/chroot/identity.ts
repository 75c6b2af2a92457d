import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { withinTime } from '../../../util/within-time';

/** The instance that this process runs on. */
export interface OwnInstance {
  readonly instanceId: string;
  readonly region: string;
  readonly availabilityZone: string;
}

/** The variable that the SDKs read as well: docs.aws.amazon.com/sdkref, "IMDS client". */
const ENDPOINT = 'AWS_EC2_METADATA_SERVICE_ENDPOINT';
const PATIENCE = 5_000;

/** Asks the metadata service which instance this is. Nothing is asked where the environment does not say where that service is. */
export async function ownInstance(ctx: RunContext): Promise<OwnInstance> {
  const endpoint = ctx.env[ENDPOINT];
  if (endpoint === undefined || endpoint === '') throw noEndpoint();
  try {
    return await withinTime(ctx.clock, PATIENCE, ctx.signal, tooLate, async (signal) => {
      const token = await text(new URL('/latest/api/token', endpoint), {
        method: 'PUT',
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
        signal,
      });
      const headers = { 'x-aws-ec2-metadata-token': token };
      const document = new URL('/latest/dynamic/instance-identity/document', endpoint);
      return JSON.parse(await text(document, { headers, signal })) as OwnInstance;
    });
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw new GoldsmithError(
      'PLATFORM_UNAVAILABLE',
      `the metadata service at ${endpoint} does not say which instance this is: ${messageOf(error)}`,
      { hint: 'amazon-chroot builds on an instance of EC2 only, whose metadata service is on', cause: error },
    );
  }
}

async function text(url: URL, init: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url.pathname} was answered with status ${response.status}`);
  return response.text();
}

function tooLate(): Error {
  return new Error(`no answer within ${PATIENCE / 1000} s`);
}

function noEndpoint(): GoldsmithError {
  return new GoldsmithError('PLATFORM_UNAVAILABLE', `which instance this is cannot be asked: ${ENDPOINT} is not set`, {
    hint: `amazon-chroot builds on an instance of EC2; there, set ${ENDPOINT}=http://169.254.169.254`,
  });
}
