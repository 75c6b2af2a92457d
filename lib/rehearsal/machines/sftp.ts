import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Attributes, FileEntry, InputAttributes, SFTPWrapper } from 'ssh2';
import { shellQuote } from '../../util/quote';
import { runIn, type Ran } from './guest';
import type { Login } from './ssh-session';

/** An open file or folder. */
type Handle =
  | { readonly kind: 'folder'; entries: readonly FileEntry[] | undefined }
  | { readonly kind: 'reading'; readonly path: string; readonly content: Buffer }
  | { readonly kind: 'writing'; readonly path: string; readonly writer: Writer };

/** Statuses: https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02#section-7 */
const STATUS = { ok: 0, eof: 1, noSuchFile: 2, denied: 3, failure: 4, unsupported: 8 } as const;

/** A request that fails, with its status. */
class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Serves SFTP through commands of the machine: not every base has an sftp-server. Files are read whole when they are opened, and written
 * by a program of the machine that stays until they are closed.
 */
export function serveSftp(sftp: SFTPWrapper, login: Login): void {
  const server = new Sftp(login);
  const status = (id: number, code: number = STATUS.ok, message?: string): void => sftp.status(id, code, message);
  const answer = (id: number, work: Promise<void>): void =>
    void work.catch((error: unknown) => {
      if (error instanceof Refused) status(id, error.status, error.message);
      else status(id, STATUS.failure, String(error));
    });
  const done = (id: number, work: Promise<unknown>): void =>
    answer(
      id,
      work.then(() => status(id)),
    );

  sftp.on('error', () => undefined);
  sftp.on('REALPATH', (id, path) =>
    answer(
      id,
      server.real(path).then((real) => sftp.name(id, [{ filename: real, longname: real, attrs: NO_ATTRIBUTES }])),
    ),
  );
  sftp.on('STAT', (id, path) =>
    answer(
      id,
      server.stat(path, '-L').then((attrs) => sftp.attrs(id, attrs)),
    ),
  );
  sftp.on('LSTAT', (id, path) =>
    answer(
      id,
      server.stat(path).then((attrs) => sftp.attrs(id, attrs)),
    ),
  );
  sftp.on('FSTAT', (id, handle) =>
    answer(
      id,
      server.statOf(handle).then((attrs) => sftp.attrs(id, attrs)),
    ),
  );
  sftp.on('SETSTAT', (id, path, attrs) => done(id, server.change(path, attrs)));
  sftp.on('FSETSTAT', (id, handle, attrs) => done(id, server.changeOf(handle, attrs)));
  sftp.on('OPEN', (id, path, flags, attrs) =>
    answer(
      id,
      server.open(path, flags, attrs).then((handle) => sftp.handle(id, handle)),
    ),
  );
  sftp.on('READ', (id, handle, offset, length) => {
    const part = server.read(handle, offset, length);
    if (part.length === 0) status(id, STATUS.eof);
    else sftp.data(id, part);
  });
  sftp.on('WRITE', (id, handle, offset, data) => done(id, server.write(handle, offset, data)));
  sftp.on('CLOSE', (id, handle) => done(id, server.close(handle)));
  sftp.on('OPENDIR', (id, path) =>
    answer(
      id,
      server.openFolder(path).then((handle) => sftp.handle(id, handle)),
    ),
  );
  sftp.on('READDIR', (id, handle) => {
    const entries = server.entries(handle);
    if (entries === undefined) status(id, STATUS.eof);
    else sftp.name(id, [...entries]);
  });
  sftp.on('REMOVE', (id, path) => done(id, server.run(`rm -- ${shellQuote(path)}`)));
  sftp.on('RMDIR', (id, path) => done(id, server.run(`rmdir -- ${shellQuote(path)}`)));
  sftp.on('MKDIR', (id, path, attrs) => done(id, server.run(`mkdir ${modeOf(attrs)} -- ${shellQuote(path)}`)));
  sftp.on('RENAME', (id, from, to) =>
    done(id, server.run(`[ ! -e ${shellQuote(to)} ] && mv -T -- ${shellQuote(from)} ${shellQuote(to)}`)),
  );
  sftp.on('SYMLINK', (id, target, link) => done(id, server.run(`ln -s -- ${shellQuote(target)} ${shellQuote(link)}`)));
  sftp.on('READLINK', (id, path) =>
    answer(
      id,
      server.run(`readlink -n -- ${shellQuote(path)}`).then(({ stdout }) => {
        const filename = stdout.toString('utf8');
        sftp.name(id, [{ filename, longname: filename, attrs: NO_ATTRIBUTES }]);
      }),
    ),
  );
  sftp.on('EXTENDED', (id) => status(id, STATUS.unsupported));
  sftp.once('close', () => server.end());
}

const NO_ATTRIBUTES: Attributes = { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };

/** Flags of OPEN: https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02#section-6.3 */
const FLAGS = { write: 0x2, append: 0x4, create: 0x8, truncate: 0x10, exclusive: 0x20 } as const;

class Sftp {
  private readonly handles = new Map<number, Handle>();
  private count = 0;

  constructor(private readonly login: Login) {}

  async run(command: string): Promise<Ran> {
    const { door, user } = this.login;
    const runAs = door.runAs(user);
    const ran = await runIn(await door.computer(), `cd "$HOME" 2>/dev/null\n${command}`, {
      ...(runAs !== undefined && { user: runAs }),
      env: { HOME: door.homeOf(user) },
    });
    if (ran.code === 0) return ran;
    throw refusal(ran.complaint);
  }

  async real(path: string): Promise<string> {
    const { stdout } = await this.run(`readlink -m -n -- ${shellQuote(path === '' ? '.' : path)}`);
    return stdout.toString('utf8');
  }

  async stat(path: string, follow = ''): Promise<Attributes> {
    const { stdout } = await this.run(`stat ${follow} -c '${FORMAT}' -- ${shellQuote(path)}`);
    return attributesOf(stdout.toString('utf8').trim());
  }

  statOf(handle: Buffer): Promise<Attributes> {
    const open = this.of(handle);
    if (open.kind === 'folder') throw new Refused(STATUS.failure, 'a folder has no attributes by handle');
    return this.stat(open.path, '-L');
  }

  async change(path: string, attrs: InputAttributes): Promise<void> {
    const target = shellQuote(path);
    const commands = ['true'];
    if (attrs.size !== undefined) commands.push(`dd if=/dev/null of=${target} bs=1 seek=${attrs.size} 2>/dev/null`);
    if (attrs.uid !== undefined && attrs.gid !== undefined)
      commands.push(`chown ${attrs.uid}:${attrs.gid} -- ${target}`);
    if (attrs.mode !== undefined) commands.push(`chmod ${permissions(attrs.mode)} -- ${target}`);
    if (attrs.mtime !== undefined) commands.push(`touch -m -d @${Number(attrs.mtime)} -- ${target}`);
    await this.run(commands.join(' && '));
  }

  async changeOf(handle: Buffer, attrs: InputAttributes): Promise<void> {
    const open = this.of(handle);
    if (open.kind === 'folder') throw new Refused(STATUS.failure, 'not a file');
    await this.change(open.path, attrs);
  }

  async open(path: string, flags: number, attrs: InputAttributes): Promise<Buffer> {
    if ((flags & FLAGS.write) === 0) {
      const { stdout } = await this.run(`[ ! -d ${shellQuote(path)} ] && cat -- ${shellQuote(path)}`);
      return this.keep({ kind: 'reading', path, content: stdout });
    }
    const { door, user } = this.login;
    const runAs = door.runAs(user);
    const child = await (
      await door.computer()
    ).run(writing(path, flags, attrs), {
      ...(runAs !== undefined && { user: runAs }),
      env: { HOME: door.homeOf(user) },
    });
    return this.keep({ kind: 'writing', path, writer: await Writer.of(child) });
  }

  read(handle: Buffer, offset: number, length: number): Buffer {
    const open = this.of(handle);
    return open.kind === 'reading' ? open.content.subarray(offset, offset + length) : Buffer.alloc(0);
  }

  async write(handle: Buffer, offset: number, data: Buffer): Promise<void> {
    const open = this.of(handle);
    if (open.kind !== 'writing') throw new Refused(STATUS.denied, 'the file is not open for writing');
    await open.writer.write(offset, data);
  }

  async close(handle: Buffer): Promise<void> {
    const open = this.of(handle);
    this.handles.delete(handle.readUInt32BE(0));
    if (open.kind === 'writing') await open.writer.close();
  }

  async openFolder(path: string): Promise<Buffer> {
    const script = `cd ${shellQuote(path)} && for f in * .*; do if [ -e "$f" ] || [ -L "$f" ]; then stat -c '${FORMAT} %n' -- "$f"; fi; done`;
    const { stdout } = await this.run(script);
    const entries = stdout
      .toString('utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): FileEntry => {
        const filename = line.split(' ').slice(6).join(' ');
        return { filename, longname: filename, attrs: attributesOf(line) };
      });
    return this.keep({ kind: 'folder', entries });
  }

  entries(handle: Buffer): readonly FileEntry[] | undefined {
    const open = this.of(handle);
    if (open.kind !== 'folder') return undefined;
    const { entries } = open;
    open.entries = undefined;
    return entries;
  }

  /** The connection is over: what was being written stays as far as it came. */
  end(): void {
    for (const open of this.handles.values())
      if (open.kind === 'writing') void open.writer.close().catch(() => undefined);
    this.handles.clear();
  }

  private keep(handle: Handle): Buffer {
    const id = this.count++;
    this.handles.set(id, handle);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(id);
    return bytes;
  }

  private of(handle: Buffer): Handle {
    const open = handle.length === 4 ? this.handles.get(handle.readUInt32BE(0)) : undefined;
    if (open) return open;
    throw new Refused(STATUS.failure, 'the handle is of nothing that is open');
  }
}

/** Bytes on their way into a file; those that come before their turn wait. */
class Writer {
  private at = 0;
  private readonly early = new Map<number, Buffer>();
  private complaint = '';
  private readonly ended: Promise<number>;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code ?? 255)));
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
  }

  /** Waits until the program has opened its file. */
  static async of(child: ChildProcessWithoutNullStreams): Promise<Writer> {
    const writer = new Writer(child);
    const opened = await Promise.race([
      new Promise<boolean>((resolve) => child.stdout.once('data', () => resolve(true))),
      writer.ended.then(() => false),
    ]);
    if (opened) return writer;
    throw refusal(writer.complaint);
  }

  async write(offset: number, data: Buffer): Promise<void> {
    // The buffer is ssh2's own, which it uses again.
    this.early.set(offset, Buffer.from(data));
    for (let next = this.early.get(this.at); next; next = this.early.get(this.at)) {
      this.early.delete(this.at);
      this.at += next.length;
      if (!this.child.stdin.write(next)) {
        await new Promise<void>((resolve) => {
          this.child.stdin.once('drain', resolve).once('close', () => resolve());
        });
      }
    }
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    if ((await this.ended) !== 0) throw refusal(this.complaint);
    if (this.early.size > 0) throw new Refused(STATUS.unsupported, 'a file can only be written without holes here');
  }
}

const FORMAT = '%f %s %u %g %X %Y';

function attributesOf(line: string): Attributes {
  const [mode = '0', ...rest] = line.split(' ');
  const [size = 0, uid = 0, gid = 0, atime = 0, mtime = 0] = rest.map(Number);
  return { mode: parseInt(mode, 16), size, uid, gid, atime, mtime };
}

/** A shell command that opens a file as the flags say, says so, and writes what it reads. */
function writing(path: string, flags: number, attrs: InputAttributes): string {
  const target = shellQuote(path);
  const how = flags & FLAGS.append ? '>>' : flags & FLAGS.truncate ? '>' : '<>';
  const only = flags & FLAGS.create ? '' : `[ -e ${target} ] || { echo "No such file or directory" >&2; exit 1; }\n`;
  const fresh = flags & FLAGS.exclusive ? `[ ! -e ${target} ] || { echo "File exists" >&2; exit 1; }\n` : '';
  const mode = attrs.mode === undefined ? '' : `[ -e ${target} ] && new=false || new=true\n`;
  const chmod = attrs.mode === undefined ? '' : `$new && chmod ${permissions(attrs.mode)} -- ${target}\n`;
  return `cd "$HOME" 2>/dev/null\n${only}${fresh}${mode}exec 3${how}${target} || exit 1\n${chmod}echo open\nexec cat >&3`;
}

function modeOf(attrs: InputAttributes): string {
  return attrs.mode === undefined ? '' : `-m ${permissions(attrs.mode)}`;
}

function permissions(mode: number | string): string {
  return (Number(mode) & 0o7777).toString(8);
}

function refusal(complaint: string): Refused {
  const text = complaint.trim();
  if (/no such file|nonexistent|not a directory/i.test(text)) return new Refused(STATUS.noSuchFile, text);
  if (/permission denied|not permitted/i.test(text)) return new Refused(STATUS.denied, text);
  return new Refused(STATUS.failure, text || 'failure');
}
