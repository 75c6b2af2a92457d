import * as fs from 'node:fs/promises';
import type { Artifact, Checkpoint, Communicator, LaunchFrom, Machine, PlatformDriver } from '../../../lib/extension';
import { sandbox } from '../../../lib/platforms/sandbox';
import type { SandboxConfig } from '../../../lib/platforms/sandbox';
import { makeContext, makeProject, type TestContext } from './helpers';

/** A base of this machine's own programs. */
export const MINIMAL: LaunchFrom = { kind: 'base', base: { kind: 'minimal', commands: [] } };

/** What a command printed and how it ended. */
export interface Ran {
  readonly code: number | string;
  readonly out: string;
}

/** One machine under test. */
export class Sandbox {
  constructor(
    readonly driver: PlatformDriver<SandboxConfig>,
    readonly machine: Machine,
    readonly communicator: Communicator,
    readonly config: SandboxConfig,
    readonly ctx: TestContext,
  ) {}

  /** Runs a command; both streams are in `out`. */
  async run(command: string, options: { readonly stdin?: string; readonly user?: string } = {}): Promise<Ran> {
    let out = '';
    const end = await this.communicator.exec(command, {
      signal: this.ctx.signal,
      onOutput: (text) => (out += text),
      ...options,
    });
    return { code: end.ended === 'exit' ? end.code : end.ended === 'signal' ? end.signal : end.ended, out };
  }

  /** Runs a command that must succeed. */
  async ok(command: string, options: { readonly stdin?: string; readonly user?: string } = {}): Promise<string> {
    const { code, out } = await this.run(command, options);
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${out}`);
    return out;
  }

  checkpoint(): Promise<Checkpoint> {
    return this.driver.checkpoint!(this.machine, this.config, this.ctx);
  }

  async capture(): Promise<Artifact> {
    const artifact = await this.driver.capture(this.machine, this.config, this.ctx);
    if (!artifact) throw new Error('nothing was captured');
    return artifact;
  }

  destroy(): Promise<void> {
    return this.driver.destroy(this.machine.resource, this.ctx);
  }
}

/** A project folder with a driver, for one test file. */
export class Project {
  static async make(overrides: Partial<TestContext> = {}): Promise<Project> {
    const dir = await makeProject();
    const ctx = makeContext(dir, overrides);
    return new Project(dir, ctx, await sandbox.load(ctx));
  }

  private readonly sandboxes: Sandbox[] = [];

  constructor(
    readonly dir: string,
    readonly ctx: TestContext,
    readonly driver: PlatformDriver<SandboxConfig>,
  ) {}

  async launch(from: LaunchFrom = MINIMAL, config: SandboxConfig = {}, ctx: TestContext = this.ctx): Promise<Sandbox> {
    const machine = await this.driver.launch(config, from, ctx);
    const made = new Sandbox(this.driver, machine, await this.driver.connect(machine, config, ctx), config, ctx);
    this.sandboxes.push(made);
    return made;
  }

  /** Launches, runs the commands, captures and destroys. */
  async build(
    from: LaunchFrom,
    config: SandboxConfig,
    commands: readonly string[],
    checkpoints = false,
  ): Promise<Artifact> {
    const made = await this.launch(from, config);
    for (const command of commands) {
      await made.ok(command);
      if (checkpoints) await made.checkpoint();
    }
    const artifact = await made.capture();
    await made.destroy();
    return artifact;
  }

  async remove(): Promise<void> {
    for (const made of this.sandboxes) await made.destroy();
    for (const record of this.ctx.acquired.values())
      if (record.kind.startsWith('sandbox:')) await this.driver.destroy(record, this.ctx);
    await this.driver.close?.();
    await fs.rm(this.dir, { recursive: true, force: true });
  }
}
