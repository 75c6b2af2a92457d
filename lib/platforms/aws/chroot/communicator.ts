import type { Communicator, ExecOptions, ExecResult } from '../../../extension/communicator';
import type { RunContext } from '../../../extension/context';
import { downloadDirectory, downloadFile, uploadDirectory, uploadFile, type InRoot } from '../../../host/in-root';
import { readTool } from '../../../host/stream-tool';
import { shellQuote } from '../../../util/quote';
import { runProcess } from '../../../util/spawn';
import { wrapped, type Wrapped } from './local';

/** Nothing of this machine's own environment is seen in the root. */
const ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };

/** Commands and files of a root that is mounted on this machine, by chroot. */
export function chrootCommunicator(root: string, config: Wrapped, ctx: RunContext): Communicator {
  const into = inChroot(root, config);
  const of = (signal: AbortSignal): RunContext => ({ ...ctx, signal });
  return {
    guest: 'unix',
    facts: { User: 'root', Host: 'localhost', ConnType: 'chroot' },
    exec: (command, options) => execIn(root, command, config, options, ctx),
    uploadFile: (local, remote, options) => uploadFile(into, local, remote, options, of(options.signal)),
    uploadDirectory: (local, remote, options) => uploadDirectory(into, local, remote, options, of(options.signal)),
    downloadFile: (remote, local, options) => downloadFile(into, remote, local, options, of(options.signal)),
    downloadDirectory: (remote, local, options) => downloadDirectory(into, remote, local, options, of(options.signal)),
    close: () => Promise.resolve(),
  };
}

/** Files go through programs of the root itself: a link in it leads nowhere but into it. */
export function inChroot(root: string, config: Wrapped): InRoot {
  return {
    async *shell(text, args, ctx, input) {
      const command = chrooted(root, ['/bin/sh', '-c', `t() { "$@"; }\n${text}`, 'sh', ...args]);
      const env = Object.entries(ENV).map(([name, value]) => `${name}=${value}`);
      yield* readTool(['env', ...env, '/bin/sh', '-c', wrapped(config, command)], ctx, input ? { input } : {});
    },
  };
}

async function execIn(
  root: string,
  command: string,
  config: Wrapped,
  { signal, stdin, user, onOutput }: ExecOptions,
  ctx: RunContext,
): Promise<ExecResult> {
  const options = user === undefined ? [] : [`--userspec=${user}`];
  const line = wrapped(config, chrooted(root, ['/bin/sh', '-c', command], options));
  const end = await runProcess('/bin/sh', ['-c', line], {
    env: ENV,
    signal,
    clock: ctx.clock,
    ...(stdin !== undefined && { stdin }),
    ...(onOutput && { onOutput }),
  });
  return 'code' in end ? { ended: 'exit', code: end.code } : { ended: 'signal', signal: end.signal };
}

function chrooted(root: string, command: readonly string[], options: readonly string[] = []): string {
  return ['chroot', ...options, root, ...command].map(shellQuote).join(' ');
}
