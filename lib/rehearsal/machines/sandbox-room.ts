import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import type { LaunchFrom, Machine } from '../../extension/platform';
import { runTool } from '../../host/stream-tool';
import type { BaseSpec } from '../../platforms/sandbox/base/base-spec';
import type { SandboxDriver } from '../../platforms/sandbox/sandbox-driver';
import type { SandboxConfig } from '../../platforms/sandbox/sandbox-props';
import type { Json } from '../../plan/json';
import type { BaseChoice } from './base-choice';
import type { Computer, Origin, Room, RunAs, WindowsComputer } from './computer';
import { DiskTrees } from './disk-trees';
import { roomContext } from './room-context';
import { launchWindows } from './windows-room';

/**
 * A room whose machines are sandboxes: overlays over a base, in namespaces of their own. Capturing one freezes its layer, so that
 * an image costs no copy.
 *
 * @param keeps which layers of an earlier rehearsal are still needed; where it is given, those of this one stay too
 */
export async function openSandboxRoom(ctx: RunContext, keeps?: (layer: string) => boolean): Promise<Room> {
  // What a rehearsal that was killed has left: its processes died with it.
  await fs.rm(path.join(ctx.stateDir, 'sandbox', 'machines'), { recursive: true, force: true });
  const layers = path.join(ctx.stateDir, 'sandbox', 'layers');
  for (const layer of await fs.readdir(layers).catch(() => [])) {
    if (keeps?.(layer) !== true) await fs.rm(path.join(layers, layer), { recursive: true, force: true });
  }
  const disks = path.join(ctx.stateDir, 'windows');
  for (const disk of await fs.readdir(disks).catch(() => [])) {
    if (keeps?.(disk) !== true) await fs.rm(path.join(disks, disk), { recursive: true, force: true });
  }
  await fs.rm(path.join(ctx.stateDir, 'trees'), { recursive: true, force: true });
  const { loadSandbox } =
    require('../../platforms/sandbox/sandbox-extension') as typeof import('../../platforms/sandbox/sandbox-extension');
  return new SandboxRoom(await loadSandbox(ctx), ctx, keeps !== undefined);
}

class SandboxRoom implements Room {
  readonly hasMachines = true;
  private readonly open = new Set<SandboxComputer>();
  private readonly trees: DiskTrees;

  constructor(
    private readonly driver: SandboxDriver,
    private readonly ctx: RunContext,
    private readonly keepsLayers: boolean,
  ) {
    this.trees = new DiskTrees(ctx);
  }

  async launch(origin: Origin): Promise<Computer> {
    const { config, from } = await this.fromOf(origin);
    const machine = await this.driver.launch(config, from, roomContext(this.ctx));
    const computer = new SandboxComputer(this.driver, machine, config, this.ctx, () => this.open.delete(computer));
    this.open.add(computer);
    return computer;
  }

  launchWindows(disk: string | undefined): Promise<WindowsComputer> {
    return launchWindows(disk, this.ctx);
  }

  async unpack(origin: Origin, into: string): Promise<void> {
    if (origin.kind === 'base' && origin.base.kind === 'host') {
      throw new GoldsmithError('LAUNCH_FAILED', "this machine's own root (`host`) cannot be a disk: it is too large", {
        hint: 'map the image to `minimal`, a folder or an archive',
      });
    }
    const computer = await this.launch(origin);
    try {
      const packing = await computer.run('exec tar --create --one-file-system --directory=/ .');
      packing.stdin.end();
      packing.stderr.resume();
      await runTool(['tar', '--extract', '--numeric-owner', `--directory=${into}`], this.ctx, {
        input: packing.stdout,
      });
    } finally {
      await computer.destroy();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map((computer) => computer.destroy()));
    await this.driver.close();
    await this.trees.clear();
    if (this.keepsLayers) return;
    await fs.rm(path.join(this.ctx.stateDir, 'sandbox', 'layers'), { recursive: true, force: true });
    await fs.rm(path.join(this.ctx.stateDir, 'windows'), { recursive: true, force: true });
  }

  private async fromOf(origin: Origin): Promise<{ config: SandboxConfig; from: LaunchFrom }> {
    if (origin.kind === 'checkpoint')
      return { config: {}, from: { kind: 'checkpoint', checkpoint: origin.checkpoint } };
    if (origin.kind === 'windows') throw new Error('a disk of Windows is no root of Linux');
    const choice: BaseChoice =
      origin.kind === 'base' ? origin.base : { kind: 'folder', where: await this.trees.of(origin.disk) };
    const { config, spec } = specOf(choice, this.ctx);
    const base = spec && (await this.driver.lookup(spec as unknown as Json, config, this.ctx));
    return { config, from: { kind: 'base', base } };
  }
}

class SandboxComputer implements Computer {
  private tokens = 0;

  constructor(
    private readonly driver: SandboxDriver,
    private readonly machine: Machine,
    private readonly config: SandboxConfig,
    private readonly ctx: RunContext,
    private readonly gone: () => void,
  ) {}

  async run(command: string, { user, env = {} }: RunAs = {}): Promise<ChildProcessWithoutNullStreams> {
    const started = await this.driver.command(this.machine, command, user, this.ctx);
    return spawn(started.file, started.args, { env: { ...started.env, ...env }, detached: true });
  }

  async freeze(): Promise<Origin> {
    const ctx = roomContext(this.ctx, `${this.machine.resource.token}-${this.tokens++}`);
    return { kind: 'checkpoint', checkpoint: await this.driver.checkpoint(this.machine, this.config, ctx) };
  }

  async plug(name: string, device: string): Promise<void> {
    await this.driver.plug(this.machine, name, device, this.ctx);
  }

  async unplug(name: string): Promise<void> {
    await this.driver.unplug(this.machine, name, this.ctx);
  }

  async stop(): Promise<void> {
    await this.driver.halt(this.machine);
  }

  async destroy(): Promise<void> {
    this.gone();
    await this.driver.destroy(this.machine.resource, this.ctx);
  }
}

/** A base as the sandbox has it: a lookup, or a file that is part of the config. */
function specOf(base: BaseChoice, ctx: RunContext): { config: SandboxConfig; spec?: BaseSpec } {
  switch (base.kind) {
    case 'minimal':
      return { config: {}, spec: { kind: 'minimal', commands: [] } };
    case 'windows':
      throw new Error('Windows is no root of Linux');
    case 'host':
      return { config: {}, spec: { kind: 'host' } };
    case 'folder':
      return { config: {}, spec: { kind: 'folder', path: ctx.resolvePath(base.where) } };
    case 'registry':
      return { config: {}, spec: { kind: 'registry', reference: base.where } };
    case 'rootfs':
      return { config: { local: { archive: ctx.resolvePath(base.where), rootfs: true } } };
    case 'archive':
      return { config: { local: { archive: ctx.resolvePath(base.where) } } };
    case 'layout':
      return { config: { local: { layout: ctx.resolvePath(base.where) } } };
  }
}
