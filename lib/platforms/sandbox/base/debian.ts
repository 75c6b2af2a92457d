import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { digestOf, sha256 } from '../../../plan/digest';
import { findTool } from '../machine/tools';
import { readTool } from '../machine/run';
import { makeTransport, textOf } from '../oci/http';
import { importRootfs } from '../oci/rootfs';
import { ToolFailed } from '../../../util/tool-failed';
import type { RootImage } from '../store/image';
import type { Store } from '../store/store';
import type { DebianSpec } from './base-spec';
import { allThere } from './registry-base';

/** Where mmdebstrap fetches from when it is told nothing: mmdebstrap(1), "MIRROR". */
const DEBIAN = 'http://deb.debian.org/debian';
const SECURITY = 'http://security.debian.org/debian-security';

/** Which state of the archive a suite has now: its release files, and when the youngest was made. */
export async function lookUpDebian(spec: DebianSpec, ctx: RunContext): Promise<DebianSpec> {
  const texts = await Promise.all(releaseFiles(spec).map((url) => fetchText(url, ctx)));
  const found = texts.filter((text) => text !== undefined);
  if (texts[0] === undefined) {
    throw new GoldsmithError('LOOKUP_FAILED', `${spec.mirror ?? DEBIAN} has no suite \`${spec.suite}\``, {
      hint: 'a suite is a code name such as bookworm or trixie, or stable, testing, unstable',
    });
  }
  const dates = found
    .map((text) => Date.parse(/^Date: (.+)$/m.exec(text)?.[1] ?? '') / 1000)
    .filter((date) => !Number.isNaN(date));
  return { ...spec, release: sha256(found.join('\n')), date: Math.max(0, ...dates) };
}

/** A Debian, made by mmdebstrap. One that was made from the same state of the archive is taken again. */
export async function makeDebian(spec: DebianSpec, store: Store, ctx: RunContext): Promise<RootImage> {
  const key = `debian ${digestOf(spec)}`;
  const known = await store.recall<RootImage>(key);
  if (known && (await allThere(known, store))) return known;
  const program = findTool('mmdebstrap', ctx.env);
  if (!program)
    throw new GoldsmithError(
      'MISSING_DEPENDENCY',
      'a Debian base needs the program `mmdebstrap`, which was not found',
      { hint: 'apt-get install mmdebstrap' },
    );
  const now = await lookUpDebian(spec, ctx);
  if (spec.release !== undefined && now.release !== spec.release) {
    ctx.warn(
      `Debian ${spec.suite} has moved on since it was pinned in the lock file: what is installed now is newer; \`goldsmith update\` says so in the lock file`,
    );
  }
  ctx.say(`making Debian ${spec.suite} (${spec.variant}) with mmdebstrap`);
  const include = spec.packages.length > 0 ? [`--include=${spec.packages.join(',')}`] : [];
  const command = [
    program,
    '--quiet',
    `--variant=${spec.variant}`,
    ...include,
    '--format=tar',
    spec.suite,
    '-',
    ...(spec.mirror === undefined ? [] : [spec.mirror]),
  ];
  await fs.mkdir(ctx.tempDir, { recursive: true });
  // What the build leaves in the middle goes with the run's folder; the process goes with this one.
  const env = {
    SOURCE_DATE_EPOCH: String(spec.date ?? 0),
    TMPDIR: await fs.mkdtemp(path.join(ctx.tempDir, 'debian-')),
  };
  await fs.chmod(env.TMPDIR, 0o755);
  try {
    const { config, ...image } = await importRootfs(
      readTool([...dieWithUs(ctx), ...command], ctx, { env }),
      store,
      ctx,
    );
    const made: RootImage = {
      ...image,
      config: {
        ...config,
        config: { Cmd: ['bash'] },
        ...(spec.date !== undefined && { created: new Date(spec.date * 1000).toISOString() }),
      },
    };
    await store.remember(key, made);
    return made;
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new GoldsmithError('LAUNCH_FAILED', `mmdebstrap could not make Debian ${spec.suite}: it ${error.ended}`, {
      output: error.complaint,
    });
  }
}

/** As root, in a pid namespace whose first process ends when this one does: mmdebstrap starts many. */
function dieWithUs(ctx: RunContext): string[] {
  const [setpriv, unshare] = [findTool('setpriv', ctx.env), findTool('unshare', ctx.env)];
  if (process.getuid?.() !== 0 || !setpriv || !unshare) return [];
  return [setpriv, '--pdeathsig', 'KILL', unshare, '--pid', '--fork', '--kill-child', '--mount-proc'];
}

function releaseFiles({ suite, mirror }: DebianSpec): string[] {
  const file = (archive: string, name: string): string => `${archive.replace(/\/$/, '')}/dists/${name}/InRelease`;
  if (mirror !== undefined) return [file(mirror, suite)];
  return [file(DEBIAN, suite), file(DEBIAN, `${suite}-updates`), file(SECURITY, `${suite}-security`)];
}

async function fetchText(url: string, ctx: RunContext): Promise<string | undefined> {
  if (url.startsWith('file:') || url.startsWith('copy:'))
    return fs.readFile(fileURLToPath(url.replace(/^copy:/, 'file:')), 'utf8').catch(() => undefined);
  const transport = makeTransport({ checkCertificates: true });
  try {
    const response = await transport.send({ url, signal: ctx.signal });
    const text = await textOf(response);
    return response.statusCode === 200 ? text : undefined;
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw new GoldsmithError('LOOKUP_FAILED', `${url} cannot be fetched: ${(error as Error).message}`, {
      hint: 'look at the network, or name another mirror',
      cause: error,
    });
  } finally {
    transport.close();
  }
}
