import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { describeIf } from '../../helpers/requires';
import { rehearse } from '../context';
import { HOW, tool } from './tools';

const python = tool('python');

describeIf(python !== undefined, HOW, "boto3, AWS's own client for Python", () => {
  test('writes and reads snapshots block by block, files of buckets and keys, and is refused where AWS would refuse it', async () => {
    const rehearsal = await rehearse({ machines: false, speed: 10_000 });
    const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'goldsmith-boto3-'));
    try {
      const args = [path.join(__dirname, 'boto3_client.py'), rehearsal.endpoints['aws']!, dir];
      const { stdout } = await promisify(execFile)(python!, args, {
        env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', PYTHONDONTWRITEBYTECODE: '1' },
        timeout: 55_000,
      });
      expect(stdout.trim().split('\n')).toEqual(['ebs', 's3', 'kms', 'encrypted copies']);
    } finally {
      await rehearsal.close();
      await fs.rm(dir, { recursive: true, force: true });
    }
  }, 60_000);
});
