import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { HOW, tool } from './tools';

const program = tool('aws');
export const HAS_AWS_CLI = program !== undefined;
export const NO_AWS_CLI = `AWS's command line is not here: ${HOW}`;

/** Runs a command such as `ec2 describe-images`, and gives its JSON; undefined where it printed nothing. */
export type AwsCli = (...args: readonly string[]) => Promise<unknown>;

/** The account that is used: that of the rehearsal, unless another is said. */
export interface AwsCliProps {
  readonly endpoint: string;
  readonly region?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
}

/** AWS's own command line, pointed at a server of this machine. It reads no configuration of the user, and asks nobody else. */
export function awsCli(props: AwsCliProps): AwsCli {
  const env = {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL: props.endpoint,
    AWS_ACCESS_KEY_ID: props.accessKey ?? 'GOLDSMITHREHEARSAL',
    AWS_SECRET_ACCESS_KEY: props.secretKey ?? 'rehearsal',
    AWS_DEFAULT_REGION: props.region ?? 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  return async (...args) => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-aws-cli-'));
    try {
      const out = await new Promise<string>((resolve, reject) => {
        const options = { env: { ...env, HOME: home }, timeout: 60_000, maxBuffer: 64 * 1024 * 1024 };
        execFile(program!, [...args, '--output', 'json'], options, (error, stdout, stderr) =>
          error ? reject(new Error(`aws ${args.join(' ')}: ${stderr.trim() || error.message}`)) : resolve(stdout),
        );
      });
      return out.trim() === '' ? undefined : (JSON.parse(out) as unknown);
    } finally {
      fs.rmSync(home, { recursive: true, force: true });
    }
  };
}
