import { GoldsmithError } from '../../../errors';
import type { ResourceContext } from '../../../extension/context';
import { parseDuration } from '../../../util/duration';
import { renderTemplate } from '../../../util/template';
import { consoleTail, readConsole } from '../machine/console';
import { vncSocket } from '../machine/layout';
import type { VirtualMachine } from '../machine/machine';
import type { Note } from '../machine/note';
import type { QemuConfig } from '../props/qemu-props';
import { doubtsOf, parseBootCommand, type BootStep } from './boot-command';
import { SHIFT } from './keys';
import { Keyboard, type VncAddress } from './rfb';
import { screenText } from './screen';

/** The address of this machine for a guest of QEMU's user network (QEMU's documentation of `-netdev user`). */
const HOST_OF_USER_NETWORK = '10.0.2.2';

/** Types the boot command of a machine that was just switched on. */
export async function bootUp(
  machine: VirtualMachine,
  config: QemuConfig,
  note: Note,
  httpPort: number | undefined,
  ctx: ResourceContext,
): Promise<void> {
  const parts = stepsOf(config, note, httpPort, ctx);
  if (parts.length === 0) return;
  const within = { ...ctx, signal: AbortSignal.any([ctx.signal, machine.over.signal]) };
  const keyboard = await Keyboard.connect(await vncAddress(machine, config), config.vncPassword);
  try {
    const startsByWaiting = parts[0]!.steps[0]?.do === 'wait for';
    const pause = parseDuration(config.bootWait ?? (startsByWaiting ? '0s' : '10s'));
    await within.clock.sleep(pause, within.signal);
    const typist = new Typist(machine, keyboard, config, within);
    for (const { steps, purpose } of parts) {
      if (purpose !== undefined) ctx.say(purpose);
      await typist.run(steps);
    }
  } finally {
    keyboard.close();
  }
}

/** Whether a boot command can be read at all: known before anything is started. */
export function checkBootCommand({ bootCommand, bootSteps }: QemuConfig): void {
  for (const text of bootCommand ?? (bootSteps ?? []).map(([keys]) => keys!)) parseBootCommand(text);
}

interface Part {
  readonly steps: readonly BootStep[];
  readonly purpose: string | undefined;
}

function stepsOf(config: QemuConfig, note: Note, httpPort: number | undefined, ctx: ResourceContext): Part[] {
  const { bootCommand, bootSteps = [] } = config;
  const values = {
    HTTPIP: config.netBridge === undefined ? HOST_OF_USER_NETWORK : (config.httpBindAddress ?? '127.0.0.1'),
    HTTPPort: String(httpPort ?? 0),
    Name: ctx.node.image ?? ctx.node.id,
    SSHPublicKey: note.keys.user?.publicKey ?? '',
  };
  const read = (text: string): BootStep[] => {
    for (const doubt of doubtsOf(text)) ctx.warn(`bootCommand: ${doubt}`);
    return parseBootCommand(renderTemplate('bootCommand', text, values));
  };
  if (bootCommand) return bootCommand.length === 0 ? [] : [{ steps: read(bootCommand.join('')), purpose: undefined }];
  return bootSteps.map(([keys, purpose]) => ({ steps: read(keys!), purpose }));
}

async function vncAddress(machine: VirtualMachine, config: QemuConfig): Promise<VncAddress> {
  if (config.vncBindAddress === undefined) return { path: vncSocket(machine.layout.sockets) };
  const { host, service } = await machine.qmp.run<{ readonly host: string; readonly service: string }>('query-vnc');
  return { host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port: Number(service) };
}

/** Types, waits, and watches. */
class Typist {
  /** How far the serial console has been read. */
  private read = 0;

  constructor(
    private readonly machine: VirtualMachine,
    private readonly keyboard: Keyboard,
    private readonly config: QemuConfig,
    private readonly ctx: ResourceContext,
  ) {}

  async run(steps: readonly BootStep[]): Promise<void> {
    const { ctx, keyboard } = this;
    for (const step of steps) {
      ctx.signal.throwIfAborted();
      if (step.do === 'wait') await ctx.clock.sleep(step.ms, ctx.signal);
      else if (step.do === 'wait for') await this.waitFor(step.text, step.shown);
      else {
        if (step.shift) await keyboard.key(SHIFT, true);
        if (step.do !== 'release') await keyboard.key(step.key, true);
        if (step.do !== 'hold') await keyboard.key(step.key, false);
        if (step.shift) await keyboard.key(SHIFT, false);
        await ctx.clock.sleep(parseDuration(this.config.bootKeyInterval ?? '20ms'), ctx.signal);
      }
    }
  }

  private async waitFor(text: string | RegExp, shown: string): Promise<void> {
    const timeout = parseDuration(this.config.bootTimeout ?? '5m');
    this.ctx.say(`waiting for ${shown}`);
    await this.ctx
      .poll(`the guest to show ${shown}`, () => this.shows(text), { interval: 100, maxInterval: 500, timeout })
      .catch(async (error: unknown) => {
        if (!GoldsmithError.is(error) || error.code !== 'STEP_TIMEOUT') throw error;
        const [serial, screen] = await Promise.all([consoleTail(this.machine.layout.dir), screenText(this.machine)]);
        throw new GoldsmithError('LAUNCH_FAILED', `the guest did not show ${shown} in ${timeout / 1000} s`, {
          output: `serial console:\n${serial || '(nothing)'}\ntext screen:\n${screen || '(nothing)'}`,
          hint: `a picture of the screen is kept beside the log of the run; raise \`bootTimeout\` where the guest was only slow`,
        });
      });
  }

  /** What was found on the serial console is not found again: the next wait is for what comes after it. */
  private async shows(text: string | RegExp): Promise<true | undefined> {
    this.ctx.signal.throwIfAborted();
    const { text: all } = await readConsole(this.machine.layout.dir);
    const fresh = all.slice(this.read);
    const found = typeof text === 'string' ? fresh.indexOf(text) : fresh.search(text);
    if (found >= 0) {
      this.read += found + (typeof text === 'string' ? text.length : 1);
      return true;
    }
    const screen = await screenText(this.machine);
    return (typeof text === 'string' ? screen.includes(text) : text.test(screen)) ? true : undefined;
  }
}
