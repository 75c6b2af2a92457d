import type { Artifact, Checkpoint, Communicator, LaunchFrom, Machine, PlatformDriver } from 'goldsmith';
import type { ResourceContext, ResourceRecord, RunContext } from 'goldsmith';
import { cp, mkdir, rm, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { FolderMachine } from './folder-machine';
import type { FolderConfig } from './folder-source';

/** The verbs. Everything is created by `acquire` or `writeOutput`: what is not kept, the engine destroys. */
export class FolderDriver implements PlatformDriver<FolderConfig> {
  async launch(config: FolderConfig, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const content = contentOf(config, from, ctx);
    const resource = await ctx.acquire('folder:machine', {}, (token) =>
      copyTo(placeOf('machine', token, ctx), content),
    );
    return { resource, data: null };
  }

  async connect({ resource }: Machine, _config: FolderConfig, ctx: ResourceContext): Promise<Communicator> {
    return new FolderMachine(resource.id!, ctx.env);
  }

  /** Optional. With it a failed or changed build goes on after the last step that still matches. */
  async checkpoint({ resource: machine }: Machine, _config: FolderConfig, ctx: ResourceContext): Promise<Checkpoint> {
    const resource = await ctx.acquire('folder:checkpoint', {}, (token) =>
      copyTo(placeOf('checkpoint', token, ctx), machine.id),
    );
    await ctx.keep(resource);
    return { resources: [resource], data: { path: resource.id! } };
  }

  async capture({ resource: machine }: Machine, { output }: FolderConfig, ctx: ResourceContext): Promise<Artifact> {
    const target = output ?? `artifacts/${ctx.run.app}-${ctx.node.id.toLowerCase().replaceAll('/', '-')}`;
    const resource = await ctx.writeOutput(target, async (temporary) => void (await copyTo(temporary, machine.id)));
    return {
      use: 'folder',
      kind: 'directory',
      // The token is another one in each build, so what starts from this artifact is built anew too.
      id: `${target}@${resource.token}`,
      description: `folder ${target}`,
      files: [{ path: target, size: 0 }],
      resources: [resource],
      outputs: { path: target },
    };
  }

  async exists({ id }: ResourceRecord): Promise<boolean> {
    return id !== undefined && (await stat(id).catch(() => undefined)) !== undefined;
  }

  /** The answer of a creation may be lost: then there is a token, but no id. */
  async destroy({ kind, token }: ResourceRecord, ctx: RunContext): Promise<void> {
    await rm(placeOf(kind.split(':')[1]!, token, ctx), { recursive: true, force: true });
  }
}

function contentOf({ skeleton }: FolderConfig, from: LaunchFrom, ctx: RunContext): string | undefined {
  switch (from.kind) {
    case 'checkpoint':
      return (from.checkpoint.data as { readonly path: string }).path;
    case 'artifact':
      return ctx.resolvePath(String(from.artifact.outputs['path']));
    case 'base':
      return skeleton;
  }
}

/** Extensions keep their things below `stateDir`, in a folder of their own. The token makes the place known beforehand. */
function placeOf(kind: string, token: string, { stateDir }: RunContext): string {
  return path.join(stateDir, 'folder', `${kind}s`, token);
}

/** Gives the same result when it is repeated: a launch that was cut short may be. */
async function copyTo(target: string, content: string | undefined): Promise<string> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  if (content !== undefined) await cp(content, target, { recursive: true, verbatimSymlinks: true });
  return target;
}
