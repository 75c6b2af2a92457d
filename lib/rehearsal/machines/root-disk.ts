import * as fs from 'node:fs/promises';
import type { RunContext } from '../../extension/context';
import { runTool } from '../../host/tool';
import { hostEnv } from '../../platforms/sandbox/machine/tools';

/** Where the partition begins, in sectors of 512 bytes and in bytes: at the first mebibyte, as everywhere. */
const FIRST = 2048;
const OFFSET = FIRST * 512;
const GIGABYTE = 1024 ** 3;

/** Makes a raw disk as images have it: a GPT with one partition, whose ext4 holds what is in the folder. */
export async function rootDisk(file: string, gigabytes: number, tree: string, context: RunContext): Promise<void> {
  const ctx = { ...context, env: hostEnv(context.env) };
  const size = gigabytes * GIGABYTE;
  await fs.writeFile(file, '');
  await fs.truncate(file, size);
  const table = `label: gpt\nstart=${FIRST}, type=linux\n`;
  await runTool('sh', ['-c', 'printf %s "$2" | sfdisk --quiet "$1"', 'sh', file, table], ctx);
  // The other table is in the last 33 sectors; ext4 counts in kibibytes here.
  const kibibytes = Math.floor((size - OFFSET) / 1024) - 1024;
  const options = ['-q', '-F', '-E', `offset=${OFFSET},lazy_itable_init=1`, '-d', tree, file, `${kibibytes}k`];
  await runTool('mkfs.ext4', options, ctx);
}
