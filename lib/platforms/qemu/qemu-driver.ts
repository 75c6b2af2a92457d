import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { noCommunicator } from '../../communicators/none';
import { GoldsmithError, messageOf, type Problem } from '../../errors';
import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { Communicator } from '../../extension/communicator';
import type { ResourceContext, RunContext } from '../../extension/context';
import type { Access, Checkpoint, LaunchFrom, Machine, PlatformDriver } from '../../extension/platform';
import type { Json } from '../../plan/json';
import { shellQuote } from '../../util/quote';
import { bootUp } from './boot/boot-up';
import { serveFiles, type FileServer } from './boot/http-server';
import { writeArtifact } from './capture/capture';
import { awaitFirstBoot, clearKey, generalize, trim } from './capture/generalize';
import { shutDown } from './capture/shutdown';
import { Places, socketsOf, type QemuLocator } from './host/places';
import { endProcesses } from './host/process';
import { resolveChecksum } from './image/bring';
import { findEmulator, type Emulator } from './machine/accelerator';
import { freeze, isUsable, persist } from './machine/checkpoint';
import { connectTo } from './machine/connect';
import { injects, usesSeed } from './machine/keys';
import type { Layout } from './machine/layout';
import { VirtualMachine } from './machine/machine';
import { ofMachine } from './machine/of-machine';
import { inFolder, readNote, type Note } from './machine/note';
import { keepRecord } from './machine/record';
import { gather, prepare, type QemuBase, type Start } from './machine/prepare';
import { preflight } from './preflight';
import type { QemuConfig } from './props/qemu-props';

/** A machine in the driver's hands. */
interface Open {
  readonly machine: VirtualMachine;
  readonly note: Note;
  readonly files: FileServer | undefined;
  communicator?: Communicator;
}

/** The verbs of QEMU. */
export class QemuDriver implements PlatformDriver<QemuConfig> {
  private readonly places: Places;
  private readonly open = new Map<string, Open>();
  private readonly writing: Promise<void>[] = [];

  constructor(stateDir: string) {
    this.places = new Places(stateDir);
  }

  /** Which file is meant: its checksum. */
  async lookup(query: Json, _config: QemuConfig, ctx: RunContext): Promise<Json> {
    const { kind, places, checksum } = query as unknown as QemuBase & { readonly places: readonly string[] };
    return { kind, checksum: await resolveChecksum({ places, prop: kind }, checksum, this.places.images, ctx) };
  }

  preflight(config: QemuConfig, ctx: RunContext): Promise<readonly Problem[]> {
    return preflight(config, this.places.root, ctx);
  }

  /** Starts a machine, and types its boot command. */
  async launch(config: QemuConfig, from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const emulator = await findEmulator(config, this.places.root, ctx);
    const start = await gather(config, from, this.places, ctx);
    const locator: QemuLocator = { run: ctx.run.id, sockets: os.tmpdir() };
    const resource = await ctx.acquire('qemu:machine', locator as unknown as Json, async (token) => {
      const record = { kind: 'qemu:machine', token, locator: locator as unknown as Json };
      // What an earlier try with the same token made is of no use.
      await this.discard(record, ctx);
      const dir = this.places.folderOf(record);
      const note = await prepare(dir, config, start, token, ctx);
      const sockets = socketsOf(record);
      await fs.mkdir(sockets, { recursive: true, mode: 0o700 });
      const machine = await this.start(emulator, config, { dir, sockets, note, start }, ctx);
      this.open.set(token, { machine, note, files: await serveFiles(config) });
      return token;
    });
    const { machine, note, files } = this.openOf(resource);
    if (machine.layout.incoming !== true) await bootUp(machine, config, note, files?.port, ctx);
    return { resource, data: null };
  }

  async connect({ resource }: Machine, config: QemuConfig, ctx: ResourceContext): Promise<Communicator> {
    const open = this.openOf(resource);
    if (config.communicator === 'none') return noCommunicator();
    const communicator = await connectTo(open.machine, open.note.keys, config, ctx);
    open.communicator = communicator;
    return ofMachine(communicator, open.machine, open.note.keys.user?.publicKey, ctx);
  }

  /** Freezes disks and memory; the machine goes on at once. */
  async checkpoint({ resource }: Machine, config: QemuConfig, ctx: ResourceContext): Promise<Checkpoint> {
    const { machine, note, communicator } = this.openOf(resource);
    await communicator?.exec('sync', { signal: ctx.signal });
    const locator: QemuLocator = { run: ctx.run.id };
    const record = await ctx.acquire('qemu:checkpoint', locator as unknown as Json, async (token) => {
      const folder = this.places.folderOf({ kind: 'qemu:checkpoint', token });
      await fs.rm(folder, { recursive: true, force: true });
      await freeze(machine, note, folder, config, ctx);
      this.writing.push(persist(folder).catch(() => undefined));
      return token;
    });
    await ctx.keep(record);
    return { resources: [record], data: null };
  }

  /** Shuts the machine down and writes its disks. */
  async capture({ resource }: Machine, config: QemuConfig, ctx: ResourceContext): Promise<Artifact> {
    const { machine, note, communicator } = this.openOf(resource);
    const { keys, efi } = note;
    if (communicator) {
      if (usesSeed(config)) await awaitFirstBoot(communicator, ctx);
      const wanted = config.generalize ?? (usesSeed(config) && injects(config));
      const clear = typeof config.communicator === 'object' ? config.communicator.clearAuthorizedKeys : undefined;
      if (wanted) await generalize(communicator, keys, ctx);
      else if (clear ?? keys.user !== undefined) await clearKey(communicator, keys, ctx);
      if (config.skipCompaction !== true) await trim(communicator, keys, ctx);
    }
    await shutDown(machine, communicator, config, keys.username, ctx);
    const crash = await machine.crash(ctx);
    if (crash) throw crash;
    return writeArtifact(machine.disks, efi && path.join(machine.layout.dir, efi.vars), config, ctx);
  }

  async exists(resource: ResourceRecord): Promise<boolean> {
    const folder = this.places.folderOf(resource);
    if (resource.kind === 'qemu:checkpoint') return isUsable(folder);
    return fs.stat(folder).then(
      () => true,
      () => false,
    );
  }

  async destroy(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    if (resource.kind === 'qemu:machine') return this.discard(resource, ctx);
    // Whoever made it may still be bringing it to the disk.
    await fs.rm(this.places.folderOf(resource), { recursive: true, force: true, maxRetries: 5 });
  }

  /** Machines and checkpoints say themselves which run made them. */
  async find(run: string): Promise<readonly ResourceRecord[]> {
    const found: ResourceRecord[] = [];
    for (const kind of ['machines', 'checkpoints'] as const) {
      const folder = this.places.folders(kind);
      for (const token of await fs.readdir(folder).catch(() => [])) {
        if ((await readNote(path.join(folder, token)))?.run !== run) continue;
        const locator: QemuLocator = { run, ...(kind === 'machines' && { sockets: os.tmpdir() }) };
        found.push({ kind: `qemu:${kind.slice(0, -1)}`, id: token, token, locator: locator as unknown as Json });
      }
    }
    return found;
  }

  /** A kept machine goes on running. */
  access({ resource }: Machine): Access {
    const { machine } = this.openOf(resource);
    const { dir, sockets } = machine.layout;
    const { pid } = machine;
    return {
      enter: `less +F ${shellQuote(path.join(dir, 'console.log'))} (its console); its control socket is ${sockets}/qmp`,
      remove: `kill ${pid}; rm -rf ${shellQuote(dir)} ${shellQuote(sockets)}`,
    };
  }

  async close(): Promise<void> {
    for (const { machine } of this.open.values()) machine.qmp.close();
    await Promise.all(this.writing);
  }

  private async start(
    emulator: Emulator,
    config: QemuConfig,
    { dir, sockets, note, start }: { dir: string; sockets: string; note: Note; start: Start },
    ctx: ResourceContext,
  ): Promise<VirtualMachine> {
    const at = (name: string | undefined): string | undefined =>
      name === undefined ? undefined : path.resolve(dir, name);
    const layout: Layout = {
      dir,
      sockets,
      disks: inFolder(dir, note.disks),
      cds: note.cds.map((file) => path.resolve(dir, file)),
      floppy: at(note.floppy),
      seed: at(note.seed),
      efi: note.efi && { code: note.efi.code, vars: path.resolve(dir, note.efi.vars) },
    };
    const name = `goldsmith ${ctx.node.id}`;
    const fits = note.memory?.version === emulator.version && note.memory.accelerator === emulator.accelerator;
    if (start.checkpoint === undefined || !fits) return VirtualMachine.start(emulator, config, layout, name, ctx);
    try {
      return await VirtualMachine.start(emulator, config, { ...layout, incoming: true }, name, ctx);
    } catch (error) {
      ctx.signal.throwIfAborted();
      ctx.warn(`the memory of the checkpoint cannot be used, so the machine boots: ${messageOf(error)}`);
      await endProcesses(dir, ctx);
      return VirtualMachine.start(emulator, config, layout, name, ctx);
    }
  }

  private async discard(resource: ResourceRecord, ctx: RunContext): Promise<void> {
    const dir = this.places.folderOf(resource);
    const open = this.open.get(resource.token);
    await open?.communicator?.close();
    await open?.files?.close();
    // For whoever wants to know afterwards; cleaning up goes on without it.
    if (open) await keepRecord(open.machine, ctx).catch(() => undefined);
    open?.machine.qmp.close();
    this.open.delete(resource.token);
    if ((await fs.stat(dir).catch(() => undefined)) !== undefined) {
      await endProcesses(dir, ctx);
      await fs.rm(dir, { recursive: true, force: true, maxRetries: 3 });
    }
    await fs.rm(socketsOf(resource), { recursive: true, force: true });
  }

  private openOf({ token }: ResourceRecord): Open {
    const open = this.open.get(token);
    if (open) return open;
    throw new GoldsmithError('INTERNAL', `the virtual machine ${token} was not started by this run`);
  }
}
