import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { has } from '../../helpers/programs';

export const HAS_PACKER = has('packer');
export const NO_PACKER = 'packer is not here: apt-get install packer';

/** The newest Ubuntu, by Packer's filter. */
export const UBUNTU = {
  filters: { name: 'ubuntu/images/*', architecture: 'x86_64', 'root-device-type': 'ebs', 'virtualization-type': 'hvm' },
  owners: ['099720109477'],
  most_recent: true,
};

/** Runs a template of Packer 1.6.6, whose builders are pointed at a server of this machine, and gives what it printed. */
export async function packerBuild(url: string, builder: object, provisioners: readonly object[] = []): Promise<string> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-packer-'));
  const pointed = {
    type: 'amazon-ebs',
    access_key: 'GOLDSMITHREHEARSAL',
    secret_key: 'rehearsal',
    region: 'us-east-1',
    custom_endpoint_ec2: url,
    skip_credential_validation: true,
    skip_metadata_api_check: true,
    ...builder,
  };
  fs.writeFileSync(path.join(dir, 'template.json'), JSON.stringify({ builders: [pointed], provisioners }));
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    // It looks for credentials and for a newer version of itself elsewhere, unless it is told not to.
    AWS_EC2_METADATA_DISABLED: 'true',
    CHECKPOINT_DISABLE: '1',
    PACKER_NO_COLOR: '1',
    AWS_POLL_DELAY_SECONDS: '1',
  };
  try {
    return await new Promise<string>((resolve, reject) => {
      // It cleans up for minutes after SIGTERM.
      const options = { cwd: dir, env, timeout: 120_000, killSignal: 'SIGKILL' as const };
      execFile('packer', ['build', 'template.json'], options, (error, stdout, stderr) =>
        error ? reject(new Error(`packer: ${error.message}\n${stdout}${stderr}`)) : resolve(stdout),
      );
    });
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}
