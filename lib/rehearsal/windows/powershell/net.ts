import { createHash, type Hash as NodeHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as win from 'node:path/win32';
import { Parser } from './parse';
import type { Host } from './host';
import { envName } from './host';
import { PsError, ScriptBlock, text } from './values';

/** A type of .NET: what it can do itself, how it is made, and what a cast to it does. */
export interface NetType {
  readonly statics?: object;
  readonly make?: (...args: never[]) => unknown;
  readonly cast?: (value: unknown) => unknown;
}

class FileStream {
  private readonly fd: number;
  Position = 0;

  constructor(file: string, mode: string) {
    if (fs.existsSync(file) && fs.statSync(file).isDirectory())
      throw new PsError(`Access to the path '${file}' is denied.`);
    this.fd = translated(() => fs.openSync(file, mode));
  }

  get Length(): number {
    return fs.fstatSync(this.fd).size;
  }

  Write(bytes: Buffer, offset: number, count: number): void {
    translated(() => fs.writeSync(this.fd, bytes, offset, count));
  }

  Read(bytes: Buffer, offset: number, count: number): number {
    const read = fs.readSync(this.fd, bytes, offset, count, this.Position);
    this.Position += read;
    return read;
  }

  Seek(offset: number): void {
    this.Position = offset;
  }

  Close(): void {
    fs.closeSync(this.fd);
  }

  get descriptor(): number {
    return this.fd;
  }
}

class Sha256 {
  private digesting: NodeHash = createHash('sha256');
  Hash: Buffer | undefined;

  TransformBlock(bytes: Buffer, offset: number, count: number): number {
    this.digesting.update(bytes.subarray(offset, offset + count));
    return count;
  }

  TransformFinalBlock(bytes: Buffer, offset: number, count: number): Buffer {
    this.digesting.update(bytes.subarray(offset, offset + count));
    this.Hash = this.digesting.digest();
    return bytes;
  }

  ComputeHash(input: FileStream | Buffer): Buffer {
    this.digesting.update(input instanceof FileStream ? fs.readFileSync(input.descriptor) : input);
    return (this.Hash = this.digesting.digest());
  }

  Initialize(): void {
    this.digesting = createHash('sha256');
  }
}

class WebClient {
  Proxy: unknown;
  constructor(private readonly host: Host) {}

  async DownloadFile(url: string, file: string): Promise<void> {
    try {
      const response = await fetch(url, { signal: this.host.signal });
      if (!response.ok) throw new Error(String(response.status));
      fs.writeFileSync(this.host.path(file), Buffer.from(await response.arrayBuffer()));
    } catch {
      throw new PsError(
        'Exception calling "DownloadFile" with "2" argument(s): "Unable to connect to the remote server"',
      );
    }
  }
}

const encoding = (name: BufferEncoding, preamble: readonly number[] = []): object => ({
  GetString: (bytes: Buffer, at = 0, count = bytes.length) => bytes.subarray(at, at + count).toString(name),
  GetBytes: (value: unknown) => Buffer.from(text(value), name),
  preamble: Buffer.from(preamble),
});
const UTF8 = encoding('utf8', [0xef, 0xbb, 0xbf]);
const UTF16 = encoding('utf16le', [0xff, 0xfe]);

/** The types that are known. */
export function typesOf(host: Host): ReadonlyMap<string, NetType> {
  const at = (path: unknown): string => host.path(text(path));
  const names = (path: unknown, kind: 'isDirectory' | 'isFile'): string[] =>
    translated(() => fs.readdirSync(at(path), { withFileTypes: true }))
      .filter((entry) => entry[kind]())
      .map(({ name }) => win.join(text(path), name))
      .sort();
  const types: Record<string, NetType> = {
    string: {
      cast: text,
      statics: {
        IsNullOrEmpty: (value: unknown) => text(value) === '',
        Join: (by: string, all: unknown[]) => all.map(text).join(by),
      },
    },
    int: { cast: (value) => number(value) },
    long: { cast: (value) => number(value) },
    bool: { cast: (value) => Boolean(value) },
    char: { cast: (value) => (typeof value === 'number' ? String.fromCharCode(value) : text(value).slice(0, 1)) },
    void: { cast: () => undefined },
    byte: { cast: (value) => number(value) & 255 },
    'byte[]': {
      cast: (value) => (value instanceof Uint8Array ? value : Buffer.from(value as number[])),
      make: ((size: number) => Buffer.alloc(size)) as never,
    },
    regex: { statics: { Escape: (value: string) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') } },
    scriptblock: {
      statics: { Create: (script: unknown) => new ScriptBlock(new Parser(text(script)).script(), undefined) },
    },
    convert: {
      statics: {
        FromBase64String: (value: unknown) => fromBase64(text(value)),
        ToBase64String: (bytes: Buffer, from = 0, count = bytes.length) =>
          bytes.subarray(from, from + count).toString('base64'),
      },
    },
    'text.encoding': { statics: { UTF8, Unicode: UTF16, ASCII: encoding('ascii'), Default: encoding('latin1') } },
    'text.utf8encoding': { make: ((bom = false) => (bom ? UTF8 : encoding('utf8'))) as never },
    bitconverter: {
      statics: {
        ToString: (bytes: Buffer) =>
          bytes
            .toString('hex')
            .toUpperCase()
            .replace(/(..)(?=.)/g, '$1-'),
      },
    },
    'io.path': {
      statics: {
        GetFileName: (path: unknown) => win.basename(text(path)),
        GetDirectoryName: (path: unknown) => win.dirname(text(path)),
        Combine: (...parts: unknown[]) => win.join(...parts.map(text)),
        GetTempPath: () => 'C:\\Windows\\Temp\\',
      },
    },
    'io.directory': {
      statics: {
        Exists: (path: unknown) => statOf(at(path))?.isDirectory() === true,
        CreateDirectory: (path: unknown) => void translated(() => fs.mkdirSync(at(path), { recursive: true })),
        GetDirectories: (path: unknown) => names(path, 'isDirectory'),
        GetFiles: (path: unknown) => names(path, 'isFile'),
        Delete: (path: unknown, deep = false) => void fs.rmSync(at(path), { recursive: deep as boolean }),
      },
    },
    'io.file': {
      statics: {
        Exists: (path: unknown) => statOf(at(path))?.isFile() === true,
        Create: (path: unknown) => new FileStream(at(path), 'w+'),
        OpenRead: (path: unknown) => new FileStream(at(path), 'r'),
        Open: (path: unknown, mode: unknown) => new FileStream(at(path), mode === 'Open' ? 'r' : 'w+'),
        Delete: (path: unknown) => fs.rmSync(at(path), { force: true }),
        Move: (from: unknown, to: unknown) => {
          if (fs.existsSync(at(to))) throw new PsError('Cannot create a file when that file already exists.');
          translated(() => fs.renameSync(at(from), at(to)));
        },
        ReadAllText: (path: unknown) => translated(() => fs.readFileSync(at(path), 'utf8')),
        ReadAllBytes: (path: unknown) => translated(() => fs.readFileSync(at(path))),
        WriteAllBytes: (path: unknown, bytes: Buffer) => translated(() => fs.writeFileSync(at(path), bytes)),
        WriteAllText: (path: unknown, value: unknown, how = encoding('utf8')) =>
          translated(() =>
            fs.writeFileSync(
              at(path),
              Buffer.concat([
                (how as { preamble: Buffer }).preamble,
                (how as { GetBytes(value: unknown): Buffer }).GetBytes(value),
              ]),
            ),
          ),
      },
    },
    'security.cryptography.sha256': { statics: { Create: () => new Sha256() } },
    'net.webclient': { make: (() => new WebClient(host)) as never },
    console: {
      statics: {
        Out: {
          WriteLine: (value: unknown) => host.streams.stdout(`${text(value)}\r\n`),
          Write: (value: unknown) => host.streams.stdout(text(value)),
          Flush: () => undefined,
        },
        Error: {
          WriteLine: (value: unknown) => host.streams.stderr(`${text(value)}\r\n`),
          Write: (value: unknown) => host.streams.stderr(text(value)),
        },
        OutputEncoding: UTF8,
        OpenStandardOutput: () => ({
          Write: (bytes: Buffer, from: number, count: number) =>
            host.streams.stdout(Buffer.from(bytes.subarray(from, from + count))),
          Flush: () => undefined,
        }),
      },
    },
    environment: {
      statics: {
        Exit: () => undefined,
        NewLine: '\r\n',
        MachineName: 'WIN-TEST',
        GetEnvironmentVariable: (name: unknown) => host.env.get(envName(host, text(name))) ?? null,
        SetEnvironmentVariable: (name: unknown, value: unknown) =>
          void host.env.set(envName(host, text(name)), text(value)),
      },
    },
    datetime: {
      statics: {
        get UtcNow() {
          return new NetDate(new Date());
        },
        get Now() {
          return new NetDate(new Date());
        },
      },
    },
    'diagnostics.processstartinfo': {
      make: (() => ({ FileName: '', Arguments: '', UseShellExecute: true })) as never,
    },
    'diagnostics.process': {
      statics: {
        Start: (info: { FileName: string; Arguments: string }) => {
          const { streams } = host;
          const end = host.program(info.FileName, [info.Arguments], streams);
          const child = {
            ExitCode: -1,
            WaitForExit: async () => void (child.ExitCode = await end),
          };
          return child;
        },
      },
    },
  };
  return new Map(Object.entries(types));
}

/** A point in time. */
export class NetDate {
  constructor(private readonly date: Date) {}

  /** Units of 100 ns since the year 1. */
  get Ticks(): bigint {
    return (BigInt(this.date.getTime()) + 62_135_596_800_000n) * 10_000n;
  }

  ToUniversalTime(): NetDate {
    return this;
  }

  AddSeconds(seconds: number): NetDate {
    return new NetDate(new Date(this.date.getTime() + seconds * 1000));
  }
}

function fromBase64(value: string): Buffer {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) throw new PsError('The input is not a valid Base-64 string.');
  return Buffer.from(value, 'base64');
}

function number(value: unknown): number {
  const result =
    value === null || value === undefined || value === ''
      ? 0
      : Number(typeof value === 'string' ? value.trim() : value);
  if (Number.isNaN(result)) throw new PsError(`Cannot convert value "${text(value)}" to type "System.Int32".`);
  return Math.round(result);
}

function statOf(file: string): fs.Stats | undefined {
  return fs.statSync(file, { throwIfNoEntry: false });
}

/** What the file system says, in Windows' words. */
export function translated<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new PsError(`Could not find a part of the path '${path ?? ''}'.`);
    if (code === 'ENOSPC') throw new PsError('There is not enough space on the disk.');
    if (code === 'EACCES' || code === 'EISDIR') throw new PsError(`Access to the path '${path ?? ''}' is denied.`);
    throw PsError.of(error);
  }
}
