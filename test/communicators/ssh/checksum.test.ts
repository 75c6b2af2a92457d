import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checksumOf } from '../../../lib/communicators/ssh/checksum';
import { temporaryFolder } from '../../provisioners/support';

const folder = temporaryFolder();
const MEBIBYTE = 1024 * 1024;

describe.each([
  ['a small file', 3 * MEBIBYTE + 1],
  ['a large file, which a thread reads', 64 * MEBIBYTE + 1],
])('the checksum of %s', (name, size) => {
  const file = path.join(folder, String(size));
  beforeAll(() => fs.writeFileSync(file, Buffer.alloc(size, name)));

  test('is that of its bytes', async () => {
    const checksum = checksumOf(file, size);
    expect(await checksum.sum).toBe(createHash('sha256').update(fs.readFileSync(file)).digest('hex'));
    await checksum.close();
  });

  test('is not finished where it is closed early, and nothing is thrown that nobody waits for', async () => {
    const checksum = checksumOf(file, size);
    await checksum.close();
    await expect(checksum.sum).rejects.toThrow(/abort|not finished/);
  });

  test('fails where the file is gone', async () => {
    const checksum = checksumOf(`${file}.gone`, size);
    await expect(checksum.sum).rejects.toThrow(/ENOENT/);
    await checksum.close();
  });
});
