import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { readIfThere, writeAtomically } from '../../../util/atomic';
import { shellQuote } from '../../../util/quote';
import { boundingSet, MOUNTING } from './capabilities';
import { isOf, isThere, makeNode, removeNode } from './devices';
import { initCommand, startInit, type Init } from './init';
import { initScript, settleScript } from './init-script';
import { overlayOptions, type Ability } from './kernel';
import { fstab, HOSTNAME, makeDev } from './places';
import { isAlive, kill, type ProcessId } from './process-id';
import { privileged } from './privilege';
import { runTool } from './run';
import { toolCommand, type Toolbox, type ToolboxProgram } from './toolbox';
import { findTool } from './tools';

/** What a machine is made of. */
export interface MachineSpec {
  readonly ability: Ability;
  readonly toolbox: Toolbox;
  /** Folders of its layers, the lowest first. They are never changed. */
  readonly layers: readonly string[];
  /** Whether this machine's own root lies below them. */
  readonly host: boolean;
  readonly network: 'shared' | 'none';
}

/**
 * A machine: a folder with an upper layer that takes what is changed, and, while something runs, a first process that holds the
 * namespaces. It is put together when it is first used, and again after {@link freeze} or {@link stop}.
 */
export class SandboxMachine {
  private init: Promise<Init> | undefined;
  private layers: readonly string[];
  private used = false;
  /** Block devices of this machine that are seen in it, by name. */
  private readonly devices = new Map<string, string>();

  constructor(
    readonly dir: string,
    private readonly spec: MachineSpec,
  ) {
    this.layers = spec.layers;
  }

  /** The rights it runs with. */
  get ability(): Ability {
    return this.spec.ability;
  }

  /** Programs that work in it. */
  get toolbox(): Toolbox {
    return this.spec.toolbox;
  }

  /** Where what is changed goes. */
  get upper(): string {
    return path.join(this.dir, 'upper');
  }

  /** Makes the folder ready; nothing runs yet. */
  async prepare(ctx: RunContext): Promise<void> {
    await fs.mkdir(this.dir, { recursive: true, mode: 0o700 });
    await Promise.all(['merged', 'host', 'empty', 'work', 'dev'].map((name) => fs.mkdir(path.join(this.dir, name))));
    await this.freshUpper(ctx);
    await fs.symlink(this.toolbox.dir, path.join(this.dir, 'tools'));
    await this.writePlaces();
  }

  /** Starts it, unless it runs. Whoever asks while it is being started waits for that. */
  async start(ctx: RunContext): Promise<Init> {
    const before = this.init;
    const next = (async () => {
      const running = await before?.catch(() => undefined);
      return running?.alive() ? running : this.boot(ctx);
    })();
    this.init = next;
    return next;
  }

  /** Lets it see a block device of this machine, and mount what is on it. */
  async plug(name: string, device: string, ctx: RunContext): Promise<void> {
    this.devices.set(name, device);
    const running = await this.init?.catch(() => undefined);
    if (running?.alive()) await this.show(running, name, device, ctx);
  }

  /** Takes the device away. */
  async unplug(name: string, ctx: RunContext): Promise<void> {
    const running = await this.init?.catch(() => undefined);
    // Its partitions, which were let in one by one, go with it.
    for (const one of [...this.devices.keys()].filter((known) => isOf(name, known))) {
      this.devices.delete(one);
      if (running?.alive()) await removeNode(running, one, ctx);
    }
  }

  private async show(init: Init, name: string, device: string, ctx: RunContext): Promise<void> {
    const open = ['-n', '-o', 'remount,dev,nosuid,mode=0755', '/dev'];
    await runTool(this.inside(init, [...toolCommand(this.toolbox, 'mount'), ...open], ctx, 'all'), ctx);
    await makeNode(init, name, device, ctx);
  }

  /** Ends all its processes. Its files stay. */
  async stop(): Promise<void> {
    const running = await this.init?.catch(() => undefined);
    this.init = undefined;
    await running?.stop();
  }

  /** The command that runs `command` in it, as its root with the rights that are kept or, for the toolbox's own work, all of them. */
  inside(init: Init, command: readonly string[], ctx: RunContext, as: readonly string[] | 'all' = []): string[] {
    this.used = true;
    const { mode } = this.ability.privilege;
    const spaces = ['--mount', '--pid', '--uts', '--ipc', ...(this.spec.network === 'none' ? ['--net'] : [])];
    const user = mode === 'root' ? [] : ['--user', '--preserve-credentials'];
    const limits = as === 'all' ? [] : [...toolCommand(this.toolbox, 'setpriv'), ...this.limits(), ...as];
    return [
      findTool('nsenter', ctx.env)!,
      '--target',
      String(init.id.pid),
      ...user,
      ...spaces,
      '--',
      ...limits,
      ...command,
    ];
  }

  /** Runs a program of the toolbox in it. */
  async tool(program: ToolboxProgram, args: readonly string[], ctx: RunContext): Promise<string> {
    const init = await this.start(ctx);
    return runTool(this.inside(init, [...toolCommand(this.toolbox, program), ...args], ctx, 'all'), ctx);
  }

  /**
   * Ends what runs, and makes a layer of what was changed since it was last frozen: the upper folder is moved to `target`, and the
   * machine goes on above it.
   */
  async freeze(target: string, ctx: RunContext): Promise<void> {
    await this.settle(ctx);
    await this.move(this.upper, target, ctx);
    this.layers = [...this.layers, target];
    await this.freshUpper(ctx);
  }

  /** Whether anything ran in it since its upper folder was fresh: only then is there something of the user's in that. */
  get touched(): boolean {
    return this.used;
  }

  /** Ends what runs; then the upper folder holds what was changed, and nothing of ours. */
  async settle(ctx: RunContext): Promise<void> {
    const made = (await readIfThere(path.join(this.dir, 'made')))?.split('\n').filter((line) => line !== '') ?? [];
    if (made.length > 0) {
      await this.tool('sh', ['-c', settleScript(this.toolbox, made)], ctx);
      await fs.rm(path.join(this.dir, 'made'));
    }
    await this.stop();
  }

  /** The command with which a person gets in, once it is stopped. */
  get enterCommand(): string {
    return `sh ${shellQuote(path.join(this.dir, 'enter.sh'))}`;
  }

  /** The command that deletes it. */
  get removeCommand(): string {
    return privileged(this.ability.privilege, ['rm', '-rf', '--', this.dir]).map(shellQuote).join(' ');
  }

  private async boot(ctx: RunContext): Promise<Init> {
    const { privilege } = this.ability;
    await this.writeScripts(ctx);
    const init = await startInit(initCommand(this.dir, privilege, this.spec.network, 'hold'), ctx);
    await writeAtomically(path.join(this.dir, 'init.json'), JSON.stringify(init.id));
    // Made files are remembered until they are taken away again, over any number of starts.
    if (init.made.length > 0)
      await fs.appendFile(path.join(this.dir, 'made'), init.made.map((file) => `${file}\n`).join(''));
    for (const [name, device] of this.devices) if (await isThere(device)) await this.show(init, name, device, ctx);
    return init;
  }

  /** A folder may be moved to another parent only by whom it lets write: as a user that can be root within alone. */
  private async move(from: string, to: string, ctx: RunContext): Promise<void> {
    const { privilege } = this.ability;
    if (privilege.mode === 'root') await fs.rename(from, to);
    else await runTool(privileged(privilege, ['mv', '--', from, to]), ctx);
  }

  /** The root's mode shows through from the upper folder, so it is that of the layer below. */
  private async freshUpper(ctx: RunContext): Promise<void> {
    const below = this.layers.at(-1) ?? (this.spec.host ? '/' : undefined);
    const mode = below === undefined ? 0o755 : (await fs.stat(below)).mode & 0o7777;
    ctx.signal.throwIfAborted();
    await fs.mkdir(this.upper);
    this.used = false;
    await fs.chmod(this.upper, mode);
  }

  private async writePlaces(): Promise<void> {
    const read = (file: string): Promise<string> => readIfThere(file).then((text) => text ?? '');
    const [resolv, hosts] = await Promise.all([read('/etc/resolv.conf'), read('/etc/hosts')]);
    await Promise.all([
      makeDev(path.join(this.dir, 'dev'), this.spec.network, resolv, hosts),
      fs.writeFile(path.join(this.dir, 'fstab'), fstab(this.dir, this.ability.privilege)),
    ]);
  }

  private async writeScripts(ctx: RunContext): Promise<void> {
    const links = path.join(this.dir, 'l');
    await fs.rm(links, { recursive: true, force: true });
    await fs.mkdir(links);
    // Overlayfs takes the highest layer first.
    await Promise.all(
      [...this.layers].reverse().map((layer, index) => fs.symlink(layer, path.join(links, String(index)))),
    );
    const script = initScript({
      dir: this.dir,
      overlay: overlayOptions(this.ability, this.layers.length, this.spec.host),
      host: this.spec.host,
      hidden: this.spec.host ? ctx.stateDir : undefined,
      network: this.spec.network,
      hostname: HOSTNAME,
      toolbox: this.toolbox,
      limits: this.limits(),
    });
    const enter = initCommand(this.dir, this.ability.privilege, this.spec.network, 'enter').map(shellQuote).join(' ');
    await Promise.all([
      fs.writeFile(path.join(this.dir, 'init.sh'), script),
      fs.writeFile(path.join(this.dir, 'enter.sh'), `cd ${shellQuote(this.dir)}\nexec ${enter}\n`),
    ]);
  }

  private limits(): string[] {
    // Where one id is mapped, the kernel lets nobody set groups.
    const groups = this.ability.privilege.mode === 'single' ? [] : ['--clear-groups'];
    return ['--bounding-set', boundingSet(this.devices.size > 0 ? [MOUNTING] : []), ...groups];
  }
}

/** Kills what a machine's folder says runs in it: also when another process started it. */
export async function killMachine(dir: string, ctx: RunContext): Promise<void> {
  const text = await readIfThere(path.join(dir, 'init.json'));
  if (text === undefined) return;
  const id = JSON.parse(text) as ProcessId;
  kill(id);
  await ctx.poll('the processes of a sandbox to end', () => Promise.resolve(isAlive(id) ? undefined : true), {
    interval: 5,
  });
}
