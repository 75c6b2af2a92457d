import type { ServerChannel } from 'ssh2';
import { shellQuote } from '../../util/quote';
import { runIn } from './guest';
import type { Login } from './ssh-session';

/** What a client's `scp` asks of the one on the machine. */
export interface ScpCall {
  readonly mode: 'sink' | 'source';
  readonly recursive: boolean;
  /** Whether the target must be a folder. */
  readonly folder: boolean;
  readonly path: string;
}

/** The call in a command, where it is one of scp as a server. */
export function scpOf(command: string): ScpCall | undefined {
  const [, flags, quoted] = /^(?:sudo\s+)?(?:\S*\/)?scp((?:\s+-[a-z]+)+)\s+(?:--\s+)?(.+)$/s.exec(command.trim()) ?? [];
  if (flags === undefined || quoted === undefined) return undefined;
  const letters = flags.replace(/[^a-z]/g, '');
  if (!/[tf]/.test(letters)) return undefined;
  return {
    mode: letters.includes('t') ? 'sink' : 'source',
    recursive: letters.includes('r'),
    folder: letters.includes('d'),
    path: unquote(quoted),
  };
}

function unquote(text: string): string {
  const [, single, double] = /^'(.*)'$|^"(.*)"$/s.exec(text) ?? [];
  return single ?? double ?? text.replace(/\\(.)/g, '$1');
}

/** Speaks the protocol of rcp(1), as scp does, through commands of the machine: not every base has an scp. */
export async function serveScp(channel: ServerChannel, call: ScpCall, login: Login): Promise<void> {
  channel.on('error', () => undefined);
  const scp = new Scp(channel, login);
  const code = call.mode === 'sink' ? await scp.receive(call) : await scp.send(call.path, call.recursive);
  channel.exit(code);
  channel.end();
}

class Scp {
  private readonly input: Input;

  constructor(
    private readonly channel: ServerChannel,
    private readonly login: Login,
  ) {
    this.input = new Input(channel);
  }

  async receive({ path, folder }: ScpCall): Promise<number> {
    const folders = [path];
    let isFolder = await this.test(`-d ${shellQuote(path)}`);
    if (folder && !isFolder) return this.complain(`scp: ${path}: Not a directory`);
    this.ok();
    for (let line = await this.input.line(); line !== undefined; line = await this.input.line()) {
      const [, kind, mode, size, name] = /^([CD])(\d{4}) (\d+) (.+)$/.exec(line) ?? [];
      const at = folders.at(-1)!;
      if (line.startsWith('T')) this.ok();
      else if (line === 'E') {
        folders.pop();
        this.ok();
      } else if (kind === undefined || name!.includes('/') || name === '..')
        return this.complain(`scp: protocol error: ${line}`);
      else {
        const target = isFolder || folders.length > 1 ? `${at}/${name!}` : at;
        if (kind === 'D') {
          const made = await this.run(`mkdir -p ${shellQuote(target)} && chmod ${mode!} ${shellQuote(target)}`);
          if (made !== undefined) return this.complain(made);
          folders.push(target);
          isFolder = true;
          this.ok();
        } else {
          this.ok();
          const failure = await this.take(target, mode!, Number(size));
          if (failure !== undefined) return this.complain(failure);
          this.ok();
        }
      }
    }
    return 0;
  }

  async send(path: string, recursive: boolean): Promise<number> {
    if ((await this.input.status()) !== 0) return 1;
    return (await this.offer(path, recursive)) ? 0 : 1;
  }

  private async offer(path: string, recursive: boolean): Promise<boolean> {
    const name = path.slice(path.replace(/\/+$/, '').lastIndexOf('/') + 1).replace(/\/+$/, '') || '.';
    if (await this.test(`-d ${shellQuote(path)}`)) {
      if (!recursive) return this.complain(`scp: ${path}: not a regular file`) === 0;
      this.channel.write(`D0755 0 ${name}\n`);
      if ((await this.input.status()) !== 0) return false;
      const { stdout } = await this.print(`ls -A1 ${shellQuote(path)}`);
      for (const entry of stdout.toString('utf8').split('\n').filter(Boolean)) {
        if (!(await this.offer(`${path}/${entry}`, true))) return false;
      }
      this.channel.write('E\n');
      return (await this.input.status()) === 0;
    }
    const { code, stdout, complaint } = await this.print(
      `stat -L -c %a ${shellQuote(path)} && cat ${shellQuote(path)}`,
    );
    if (code !== 0) return this.complain(`scp: ${path}: ${complaint}`) === 0;
    const end = stdout.indexOf(10);
    const content = stdout.subarray(end + 1);
    this.channel.write(`C${stdout.toString('latin1', 0, end).slice(-4).padStart(4, '0')} ${content.length} ${name}\n`);
    if ((await this.input.status()) !== 0) return false;
    this.channel.write(content);
    this.ok();
    return (await this.input.status()) === 0;
  }

  /** Takes a file's bytes. Where they cannot be written they are read all the same: what comes after them is the next message. */
  private async take(target: string, mode: string, size: number): Promise<string | undefined> {
    const { door, user } = this.login;
    const runAs = door.runAs(user);
    const quoted = shellQuote(target);
    const command = `cd "$HOME" 2>/dev/null; cat > ${quoted} && chmod ${mode} ${quoted}`;
    const child = await (
      await door.computer()
    ).run(command, { ...(runAs !== undefined && { user: runAs }), env: { HOME: door.homeOf(user) } });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.stdin.on('error', () => undefined);
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 255)));
    let broken = false;
    child.stdin.once('close', () => (broken = true));
    for (let left = size; left > 0;) {
      const part = await this.input.bytes(left);
      if (part === undefined) return 'the connection ended within a file';
      left -= part.length;
      if (!broken && !child.stdin.write(part)) {
        await new Promise<void>((resolve) => {
          child.stdin.once('drain', resolve).once('close', () => resolve());
        });
      }
    }
    child.stdin.end();
    const [code] = await Promise.all([ended, this.input.status()]);
    return code === 0 ? undefined : `scp: ${complaint.trim() || target}`;
  }

  private async test(condition: string): Promise<boolean> {
    return (await this.print(`[ ${condition} ]`)).code === 0;
  }

  private async run(command: string): Promise<string | undefined> {
    const { code, complaint } = await this.print(command);
    return code === 0 ? undefined : `scp: ${complaint}`;
  }

  private async print(command: string): ReturnType<typeof runIn> {
    const { door, user } = this.login;
    const runAs = door.runAs(user);
    return runIn(await door.computer(), `cd "$HOME" 2>/dev/null\n${command}`, {
      ...(runAs !== undefined && { user: runAs }),
      env: { HOME: door.homeOf(user) },
    });
  }

  private ok(): void {
    this.channel.write(Buffer.from([0]));
  }

  private complain(text: string): number {
    this.channel.write(`\u0001${text}\n`);
    return 1;
  }
}

/** Reads what comes as the protocol has it: lines, numbers of bytes, and statuses of one byte. */
class Input {
  private held = Buffer.alloc(0);
  private readonly parts: AsyncIterator<Buffer>;

  constructor(channel: ServerChannel) {
    // The end of what comes is not the end of the channel: the exit status goes out after it.
    this.parts = channel.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.held.indexOf(10);
      if (end >= 0) {
        const line = this.held.toString('utf8', 0, end);
        this.held = this.held.subarray(end + 1);
        return line;
      }
      if (!(await this.more())) return undefined;
    }
  }

  async bytes(atMost: number): Promise<Buffer | undefined> {
    if (this.held.length === 0 && !(await this.more())) return undefined;
    const part = this.held.subarray(0, atMost);
    this.held = this.held.subarray(part.length);
    return part;
  }

  async status(): Promise<number> {
    const byte = (await this.bytes(1))?.[0];
    if (byte === undefined || byte === 0) return byte ?? 2;
    await this.line();
    return byte;
  }

  private async more(): Promise<boolean> {
    const { done, value } = await this.parts.next();
    if (done === true) return false;
    this.held = Buffer.concat([this.held, value]);
    return true;
  }
}
