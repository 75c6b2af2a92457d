import { spawn } from 'node:child_process';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { GoldsmithError, toProblem, type Problem } from '../../errors';
import type { ProcessContext, RunContext } from '../../extension/context';
import { Tail } from '../../util/tail';
import { findCommand } from '../../util/which';
import type { Algorithm } from './format';

interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  /** What the packages are called that hold it. */
  readonly install: string;
}

/** The command-line tool of an algorithm: reads standard input, writes standard output, on all processors where it can. */
const TOOLS: Readonly<Partial<Record<Algorithm, Tool>>> = {
  zstd: {
    command: 'zstd',
    args: ['-q', '-c', '-T0'],
    install: 'apt-get install zstd, apk add zstd, dnf install zstd, brew install zstd',
  },
  bzip2: { command: 'bzip2', args: ['-q', '-c'], install: 'apt-get install bzip2, apk add bzip2, dnf install bzip2' },
  lz4: {
    command: 'lz4',
    args: ['-q', '-c'],
    install: 'apt-get install lz4, apk add lz4, dnf install lz4, brew install lz4',
  },
  xz: {
    command: 'xz',
    args: ['-q', '-c', '-T0'],
    install: 'apt-get install xz-utils, apk add xz, dnf install xz, brew install xz',
  },
};

/** Node's zlib from 22.15 on (nodejs.org, Zlib: zlib.createZstdCompress). */
interface ZstdZlib {
  readonly createZstdCompress?: (options: object) => Transform;
}
/** ZSTD_c_compressionLevel in zstd.h. */
const ZSTD_COMPRESSION_LEVEL = 100;

/** Compresses by a tool of this machine; zstd by Node itself where there is no tool and Node can. */
export async function* byTool(
  source: AsyncIterable<Buffer>,
  algorithm: Algorithm,
  level: number,
  { env, signal }: Pick<ProcessContext, 'env' | 'signal'>,
): AsyncGenerator<Buffer> {
  const tool = TOOLS[algorithm];
  if (!tool) throw new GoldsmithError('INTERNAL', `there is no tool for ${algorithm}`);
  if ((await findCommand(tool.command, env['PATH'])) === undefined) {
    const zstd = ownZstd(algorithm);
    if (!zstd) throw missing(tool);
    const params = level >= 0 ? { params: { [ZSTD_COMPRESSION_LEVEL]: Math.max(level, 1) } } : {};
    yield* Readable.from(source, { objectMode: true }).pipe(zstd(params)) as AsyncIterable<Buffer>;
    return;
  }
  const child = spawn(tool.command, [...tool.args, ...(level >= 0 ? [`-${Math.max(level, 1)}`] : [])], {
    env,
    signal,
    killSignal: 'SIGKILL',
  });
  const errors = new Tail();
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const fed = pipeline(Readable.from(source, { objectMode: true }), child.stdin);
  // Both are awaited below; a failure before that is not unhandled.
  ended.catch(() => undefined);
  fed.catch(() => child.kill('SIGKILL'));
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const code = await ended;
    await fed.catch((error: unknown) => {
      if (code === 0 || code === null) throw error;
    });
    if (code !== 0)
      throw new GoldsmithError('PROCESS_FAILED', `${tool.command} ended with exit status ${code}`, {
        output: errors.toString(),
      });
  } finally {
    child.kill('SIGKILL');
  }
}

/** Says before a build that the tool of an algorithm is not there. */
export async function toolProblems(
  algorithm: Algorithm | undefined,
  { env }: Pick<RunContext, 'env'>,
): Promise<readonly Problem[]> {
  const tool = algorithm && TOOLS[algorithm];
  if (!tool || ownZstd(algorithm) || (await findCommand(tool.command, env['PATH'])) !== undefined) return [];
  return [toProblem(missing(tool))];
}

function ownZstd(algorithm: Algorithm): ZstdZlib['createZstdCompress'] {
  return algorithm === 'zstd' ? (zlib as ZstdZlib).createZstdCompress : undefined;
}

function missing({ command, install }: Tool): GoldsmithError {
  return new GoldsmithError(
    'MISSING_DEPENDENCY',
    `\`compress\` needs the command \`${command}\`, which is not installed on this machine`,
    {
      hint: `install it (${install}), or choose an output that ends in .gz or .zip, which need nothing`,
    },
  );
}
