import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Artifact, ArtifactFile, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { beside } from '../../../util/beside';
import { hashFile } from '../image/hash';
import { convertDisk } from '../../../host/qemu-img';
import { imageName, type Chain } from '../machine/layout';
import type { QemuConfig } from '../props/qemu-props';
import { outputFor } from './output-name';

/** Writes the disks of a machine that is off, each whole in itself, under their names when they are complete. */
export async function writeArtifact(
  disks: readonly Chain[],
  vars: string | undefined,
  config: QemuConfig,
  ctx: ResourceContext,
): Promise<Artifact> {
  const format = config.format ?? 'qcow2';
  const output = outputFor(config.output, format, { app: ctx.run.app, node: ctx.node.id });
  const args = [...(config.diskCompression === true ? ['-c'] : []), ...(config.qemuImgArgs?.convert ?? [])];
  const resources: ResourceRecord[] = [];
  const files: ArtifactFile[] = [];
  for (const [index, chain] of disks.entries()) {
    const name = index === 0 ? output : beside(output, `-${index}`);
    let made: ArtifactFile | undefined;
    const record = await ctx.writeOutput(name, async (temporary) => {
      const how = { format, args, label: path.basename(name), code: 'CAPTURE_FAILED' } as const;
      await convertDisk(imageName(chain), temporary, how, ctx);
      made = {
        path: name,
        size: (await fs.stat(temporary)).size,
        sha256: await hashFile(temporary, 'sha256', `check ${path.basename(name)}`, ctx),
      };
    });
    resources.push(record);
    files.push(made!);
  }
  const efivars = vars === undefined || config.efiDropEfivars === true ? undefined : beside(output, '', '.efivars.fd');
  if (vars !== undefined && efivars !== undefined) {
    resources.push(await ctx.writeOutput(efivars, (temporary) => fs.copyFile(vars, temporary)));
    files.push({ path: efivars, size: (await fs.stat(vars)).size });
  }
  const [first, ...more] = files;
  const id = `sha256:${first!.sha256}`;
  return {
    use: 'qemu',
    kind: 'qemu-disk',
    id,
    description: `${format} ${output}`,
    files,
    resources,
    outputs: {
      id,
      path: output,
      format,
      sha256: first!.sha256!,
      disks: more.filter((file) => file.path !== efivars).map((file) => file.path),
      ...(efivars !== undefined && { efivars }),
    },
  };
}
