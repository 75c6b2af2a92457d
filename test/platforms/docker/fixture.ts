import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Communicator } from '../../../lib/extension/communicator';
import type { LaunchFrom, Machine, PlatformDriver } from '../../../lib/extension/platform';
import { docker, type DockerConfigProps } from '../../../lib/platforms/docker';
import type { DockerConfig } from '../../../lib/platforms/docker/docker-extension';
import type { Engine } from '../../../lib/platforms/docker/engine';
import { importFile } from '../../../lib/platforms/docker/import-file';
import { openEngine } from '../../../lib/platforms/docker/open-engine';
import { testContext, type TestContext } from './context';

const PROGRAMS = [
  'sh',
  'bash',
  'cat',
  'chmod',
  'chown',
  'dd',
  'env',
  'false',
  'grep',
  'head',
  'id',
  'ls',
  'ln',
  'mkdir',
  'mv',
  'printf',
  'readlink',
  'rm',
  'seq',
  'setsid',
  'sha256sum',
  'sleep',
  'sort',
  'stat',
  'tail',
  'tar',
  'tr',
  'true',
  'tty',
  'wc',
];

/** A base image of this machine's own commands, made without a network: `sh` and what tests call, with the libraries they need. */
export class Base {
  static async make(changes: readonly string[] = [], programs: readonly string[] = PROGRAMS): Promise<Base> {
    const ctx = testContext();
    const engine = await openEngine(ctx);
    const name = `goldsmith.local/test/base:${randomBytes(6).toString('hex')}`;
    const archive = Readable.from(await rootfs(programs), { objectMode: false });
    const id = await importFile(engine, archive, name, { changes }, ctx.signal);
    return new Base(name, id, engine, ctx);
  }

  private constructor(
    readonly name: string,
    readonly id: string,
    readonly engine: Engine,
    private readonly ctx: TestContext,
  ) {}

  /** Deletes it, after all that was made from it: the engine keeps the steps of a Dockerfile, for one. */
  async remove(): Promise<void> {
    const images = await this.engine.client.json<{ Id: string; ParentId: string }[]>('GET', '/images/json', {
      query: { all: true },
    });
    const family = [this.id];
    for (const id of family) family.push(...images.filter(({ ParentId }) => ParentId === id).map(({ Id }) => Id));
    for (const id of family.reverse()) await this.engine.removeImage(id, true).catch(() => undefined);
    this.engine.close();
    this.ctx.dispose();
  }
}

async function rootfs(programs: readonly string[]): Promise<Buffer> {
  const { pack } = require('tar-stream') as typeof import('tar-stream');
  const archive = pack();
  const files = new Set<string>();
  for (const name of programs) {
    const file = spawnSync('sh', ['-c', `command -v ${name}; PATH=/usr/bin:/bin which ${name}`], {
      encoding: 'utf8',
    }).stdout;
    const program = file.split('\n').find((line) => line.startsWith('/'));
    if (program === undefined) throw new Error(`this machine has no ${name}`);
    archive.entry({ name: `bin/${name}`, mode: 0o755 }, fs.readFileSync(program));
    const libraries = spawnSync('ldd', [program], { encoding: 'utf8' }).stdout;
    for (const [library] of libraries.matchAll(/\/\S+(?= \(0x)/g)) files.add(library);
  }
  for (const file of files) archive.entry({ name: file.slice(1), mode: 0o755 }, fs.readFileSync(file));
  for (const name of ['tmp', 'proc', 'sys', 'dev', 'etc', 'root', 'home/app']) {
    archive.entry({ name, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 }, '');
  }
  archive.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:app:/home/app:/bin/sh\n');
  archive.entry({ name: 'etc/group' }, 'root:x:0:\napp:x:2345:\n');
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/** One build, driven by hand. */
export class Build {
  static async start(
    props: DockerConfigProps,
    from: LaunchFrom,
    options: Parameters<typeof testContext>[0] = {},
  ): Promise<Build> {
    const ctx = testContext(options);
    const driver = await docker.load(ctx);
    // No test needs a network, and starting is faster without.
    const config = docker.schema.parse({ network: 'none', ...props });
    try {
      const machine = await driver.launch(config, from, ctx);
      return new Build(ctx, driver, config, machine, await driver.connect(machine, config, ctx));
    } catch (error) {
      await cleanUp(driver, ctx);
      throw error;
    }
  }

  private constructor(
    readonly ctx: TestContext,
    readonly driver: PlatformDriver<DockerConfig>,
    readonly config: DockerConfig,
    readonly machine: Machine,
    readonly on: Communicator,
  ) {}

  /** Name of the container. */
  get container(): string {
    return (this.machine.data as { name: string }).name;
  }

  /** Runs a command; answers with what it printed. Fails where the command does. */
  async run(command: string, stdin?: string): Promise<string> {
    const { result, stdout, stderr } = await execute(this.on, command, this.ctx.signal, stdin);
    if (result.ended !== 'exit' || result.code !== 0)
      throw new Error(`${command}: ${JSON.stringify(result)} ${stderr}`);
    return stdout;
  }

  async capture() {
    const captured = await this.driver.capture(this.machine, this.config, this.ctx);
    return (
      captured && this.driver.publish!(captured, this.config, { ...this.ctx, recordSoFar: () => Promise.resolve() })
    );
  }

  checkpoint() {
    return this.driver.checkpoint!(this.machine, this.config, this.ctx);
  }

  /** Deletes everything that was created, kept or not. */
  async end(): Promise<void> {
    await cleanUp(this.driver, this.ctx);
  }
}

async function cleanUp(driver: PlatformDriver<DockerConfig>, ctx: TestContext): Promise<void> {
  for (const record of [...ctx.seen.records].reverse()) if (record.kind !== 'file') await driver.destroy(record, ctx);
  await driver.close?.();
  ctx.dispose();
}

/** Runs a command to its end. */
export async function execute(
  on: Communicator,
  command: string,
  signal: AbortSignal,
  stdin?: string | Uint8Array | Readable,
) {
  let stdout = '';
  let stderr = '';
  const result = await on.exec(command, {
    signal,
    ...(stdin !== undefined && { stdin }),
    onOutput: (text, stream) => {
      if (stream === 'stdout') stdout += text;
      else stderr += text;
    },
  });
  return { result, stdout, stderr };
}

/** Starts from the image with this id. */
export function fromId(id: string): LaunchFrom {
  return { kind: 'base', base: { image: id, id } };
}

/** Names of everything with goldsmith's label of a run. */
export async function left(ctx: TestContext): Promise<string[]> {
  const filter = ['--filter', `label=dev.goldsmith.run=${ctx.run.id}`, '-q', '--no-trunc'];
  const list = (...args: string[]) =>
    spawnSync('docker', [...args, ...filter], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter(Boolean);
  return [...list('ps', '-a'), ...list('images', '-a')];
}
