import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { startProcess, type Started } from '../host/process';
import { needTool } from '../../../host/tool';
import type { QemuConfig } from '../props/qemu-props';
import type { Emulator } from './accelerator';
import { argumentsOf } from './arguments';
import { consoleTail } from './console';
import { qmpSocket, tpmSocket, type Chain, type Layout } from './layout';
import { loadMemory } from './memory';
import { Qmp } from './qmp';

/** How long its connections may be gone before it is, in milliseconds: the kernel closes the sockets of a process first. */
const SHORTLY = 1000;

/** A virtual machine that runs. */
export class VirtualMachine {
  /** Starts it: it boots, or goes on where its memory was saved. */
  static async start(
    emulator: Emulator,
    config: QemuConfig,
    layout: Layout,
    name: string,
    ctx: RunContext,
  ): Promise<VirtualMachine> {
    if (config.vtpm === true) await startTpm(config, layout, ctx);
    const args = argumentsOf(config, layout, emulator.accelerator, name);
    await fs.writeFile(path.join(layout.dir, 'command.json'), JSON.stringify([emulator.file, ...args], null, 1));
    const started = await startProcess(emulator.file, args, { dir: layout.dir, name: 'qemu', env: ctx.env });
    const qmp = await reach(started, layout, ctx);
    const machine = new VirtualMachine(emulator, layout, started, qmp);
    if (config.vncPassword !== undefined)
      await qmp.run('set_password', { protocol: 'vnc', password: config.vncPassword });
    if (layout.incoming === true) await loadMemory(qmp, path.join(layout.dir, 'memory'), ctx);
    await qmp.run('cont');
    return machine;
  }

  /** The files of each disk; the last of each is the one that is written. */
  disks: readonly Chain[];
  /** Aborted when it ends, whoever ended it. */
  readonly over = new AbortController();
  /** Aborted when it ends and nobody shut it down. */
  readonly broken = new AbortController();
  private readonly end: Promise<GoldsmithError | undefined>;
  private wasReset = 0;
  private trouble: GoldsmithError | undefined;

  private constructor(
    readonly emulator: Emulator,
    readonly layout: Layout,
    private readonly started: Started,
    readonly qmp: Qmp,
  ) {
    this.disks = layout.disks;
    qmp.on(({ event, data }) => {
      if (event === 'RESET') this.wasReset += 1;
      // QEMU has stopped it, and would wait for somebody to make room: for ever, as far as a build is concerned.
      if (event === 'BLOCK_IO_ERROR' && data?.['action'] === 'stop') {
        this.trouble = noRoom(layout.dir, String(data['reason'] ?? 'a disk could not be written'));
        void this.cutPower();
      }
    });
    this.end = started.ended.then(async (how) => {
      const output = await consoleTail(layout.dir);
      const complaint = await fs.readFile(path.join(layout.dir, 'qemu.log'), 'utf8').catch(() => '');
      const wasShutDown = how === 'ended with status 0';
      const text = wasShutDown ? 'the virtual machine was shut down' : `the virtual machine's process ${how}`;
      const shown = complaint.trim() || output || 'its console showed nothing';
      const reason = this.trouble ?? new GoldsmithError('MACHINE_LOST', text, { output: shown });
      const crashed = !wasShutDown || this.trouble !== undefined;
      if (crashed) this.broken.abort(reason);
      this.over.abort(reason);
      return crashed ? reason : undefined;
    });
  }

  /** Number of its process. */
  get pid(): number {
    return this.started.identity.pid;
  }

  /** Whether its process runs. */
  get alive(): boolean {
    return this.started.alive();
  }

  /** How often the guest was reset: by itself, as after an installation. */
  get resets(): number {
    return this.wasReset;
  }

  /** Resolves when its process has ended. */
  get ended(): Promise<string> {
    return this.started.untilEnded();
  }

  /** Whether its process ends within so many milliseconds. */
  async endsWithin(ms: number, ctx: RunContext): Promise<boolean> {
    const done = new AbortController();
    const late = ctx.clock.sleep(ms, AbortSignal.any([ctx.signal, done.signal])).then(
      () => false,
      () => false,
    );
    const ended = await Promise.race([this.ended.then(() => true), late]);
    done.abort();
    ctx.signal.throwIfAborted();
    return ended;
  }

  /** Why it ended where nobody shut it down, told as soon as that is known; it may be a moment late. */
  async crash(ctx: RunContext): Promise<GoldsmithError | undefined> {
    return (await this.endsWithin(SHORTLY, ctx)) ? this.end : undefined;
  }

  /** The port of this machine that leads to one of the guest's. */
  async forwardedPort(guestPort: number): Promise<number> {
    const text = await this.qmp.human('info usernet');
    // Columns: protocol and state, descriptor, source address and port, destination address and port.
    const line = new RegExp(`TCP\\[HOST_FORWARD\\]\\s+\\d+\\s+\\S+\\s+(\\d+)\\s+\\S+\\s+${guestPort}\\s`).exec(text);
    if (line) return Number(line[1]);
    throw new GoldsmithError('LAUNCH_FAILED', `no port leads to port ${guestPort} of the guest`, { output: text });
  }

  /** Writes what the screen shows as a PNG; false where this QEMU cannot. */
  async screenshot(file: string): Promise<boolean> {
    return this.qmp.run('screendump', { filename: file, format: 'png' }).then(
      () => true,
      () => false,
    );
  }

  /** Presses the power button. */
  async pressPower(): Promise<void> {
    await this.qmp.run('system_powerdown').catch(() => undefined);
  }

  /** Cuts the power. */
  async cutPower(): Promise<void> {
    if (this.alive) await this.qmp.run('quit').catch(() => undefined);
    await this.ended;
  }
}

function noRoom(dir: string, reason: string): GoldsmithError {
  return new GoldsmithError('NO_SPACE', `a disk of the virtual machine could not be written: ${reason}`, {
    hint: `make room in ${dir}, or name another place by \`--state\``,
  });
}

/** Waits for the control socket; where the emulator ends instead, its own words say why. */
async function reach(started: Started, layout: Layout, ctx: RunContext): Promise<Qmp> {
  let how: string | undefined;
  void started.ended.then((text) => (how = text));
  return ctx.poll(
    'the emulator to answer',
    async () => {
      if (how !== undefined) {
        const output = await fs.readFile(path.join(layout.dir, 'qemu.log'), 'utf8').catch(() => '');
        throw new GoldsmithError('LAUNCH_FAILED', `the emulator ${how} at once`, {
          output: output.trim() || 'it said nothing',
          hint: 'see whether this machine has what the props name (accelerator, machine type, devices, memory)',
        });
      }
      return Qmp.connect(qmpSocket(layout.sockets)).catch((error: unknown) => {
        // Not yet, or no more: in the latter case it is about to say why.
        const { code = '' } = error as { code?: string };
        if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'CONNECTION_LOST'].includes(code)) return undefined;
        throw new GoldsmithError('LAUNCH_FAILED', `the emulator cannot be reached: ${messageOf(error)}`);
      });
    },
    { interval: 10, maxInterval: 200, timeout: 60_000 },
  );
}

async function startTpm(config: QemuConfig, { dir, sockets }: Layout, ctx: RunContext): Promise<void> {
  const tool = await needTool('swtpm', 'for `vtpm`', ctx);
  const state = path.join(dir, 'tpm');
  await fs.mkdir(state, { recursive: true, mode: 0o700 });
  const socket = tpmSocket(sockets);
  await fs.rm(socket, { force: true });
  const args = ['socket', '--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${socket}`, '--terminate'];
  const started = await startProcess(tool, [...args, ...(config.useTpm1 === true ? [] : ['--tpm2'])], {
    dir,
    name: 'swtpm',
    env: ctx.env,
  });
  await ctx.poll(
    'swtpm to listen',
    async () => {
      if (!started.alive()) {
        const output = await fs.readFile(path.join(dir, 'swtpm.log'), 'utf8').catch(() => '');
        throw new GoldsmithError('LAUNCH_FAILED', 'swtpm ended at once', { output });
      }
      return fs.stat(socket).then(
        () => true,
        () => undefined,
      );
    },
    { interval: 10, maxInterval: 200, timeout: 20_000 },
  );
}
