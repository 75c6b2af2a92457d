import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../extension/context';
import { convertDisk, inspect } from '../../host/qemu-img';
import { needTool, runTool } from '../../host/tool';
import { hostEnv } from '../../platforms/sandbox/machine/tools';

/** Formats as VM Import calls them, with qemu-img's names. */
const FORMATS = { raw: 'raw', vhd: 'vpc', vhdx: 'vhdx', vmdk: 'vmdk' } as const;

/** A file that can become a disk. */
export interface Importable {
  /** Bytes that a machine sees. */
  readonly size: number;
  /** Writes it as a raw disk. */
  write(target: string): Promise<void>;
}

/** Looks into files that are imported, and makes raw disks of them. */
export class Importer {
  private readonly ctx: RunContext;

  /** @param dir folder for what is unpacked on the way */
  constructor(
    private readonly dir: string,
    ctx: RunContext,
  ) {
    this.ctx = { ...ctx, env: hostEnv(ctx.env) };
  }

  /** @throws where the file is not what it is said to be */
  async open(file: string, format: string): Promise<Importable> {
    if (format === 'ova') return this.openOva(file);
    const known = FORMATS[format as keyof typeof FORMATS] as (typeof FORMATS)[keyof typeof FORMATS] | undefined;
    if (known === undefined) throw new Error(`Unsupported disk format: ${format}`);
    if (known === 'raw') return { size: (await fs.stat(file)).size, write: (target) => this.copy(file, target) };
    const { size } = await inspect(file, { format: known, code: 'PROCESS_FAILED' }, this.ctx);
    const how = { format: 'raw', args: ['-f', known], label: 'import', code: 'PROCESS_FAILED' } as const;
    return { size, write: (target) => convertDisk(file, target, how, this.ctx) };
  }

  /** A tar archive whose first disk counts: DMTF DSP0243, "Distribution as a single file". */
  private async openOva(file: string): Promise<Importable> {
    const tar = await needTool('tar', 'to unpack an OVA', this.ctx);
    const names = (await runTool(tar, ['--list', '--file', file], this.ctx)).split('\n');
    const name = names.find((one) => /\.vmdk$/i.test(one));
    if (name === undefined) throw new Error('The OVA has no disk');
    const into = await fs.mkdtemp(path.join(this.dir, 'ova-'));
    await runTool(tar, ['--extract', '--file', file, '--directory', into, '--', name], this.ctx);
    const { size, write } = await this.open(path.join(into, name), 'vmdk');
    return { size, write: (target) => write(target).finally(() => fs.rm(into, { recursive: true, force: true })) };
  }

  private async copy(from: string, to: string): Promise<void> {
    const cp = await needTool('cp', 'to copy a disk', this.ctx);
    await runTool(cp, ['--reflink=auto', '--sparse=always', '--', from, to], this.ctx);
  }
}
