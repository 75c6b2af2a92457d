import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Communicator } from '../../lib/extension';
import { shell, type ShellConfig } from '../../lib/provisioners/shell';
import { verification } from '../../lib/provisioners/verification';
import { describeIf } from '../helpers/requires';
import { provisionContext, scriptedMachine, temporaryFolder } from './support';

const folder = temporaryFolder();
const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

const engine = ((): boolean => {
  try {
    return docker('version', '--format', '{{.Server.Os}}') === 'linux';
  } catch {
    return false;
  }
})();

/** An image of this machine's own shell and a few commands: nothing is downloaded. */
function makeImage(tag: string): void {
  const commands = ['sh', 'cat', 'rm', 'ls', 'chmod', 'id', 'stat', 'tr', 'env', 'true', 'bash', 'sleep'].map((name) =>
    fs.realpathSync(execFileSync('which', [name], { encoding: 'utf8' }).trim()),
  );
  const root = path.join(folder, 'root');
  const copy = (file: string, target = file): void => {
    fs.mkdirSync(path.dirname(path.join(root, target)), { recursive: true });
    fs.copyFileSync(fs.realpathSync(file), path.join(root, target));
  };
  for (const command of commands) {
    copy(command, `/bin/${path.basename(command)}`);
    const libraries = execFileSync('ldd', [command], { encoding: 'utf8' }).match(/\/\S+(?= \()/g) ?? [];
    for (const library of libraries) copy(library);
  }
  fs.copyFileSync(path.join(root, 'bin', path.basename(fs.realpathSync('/bin/sh'))), path.join(root, 'bin/sh'));
  for (const name of ['tmp', 'etc']) fs.mkdirSync(path.join(root, name));
  fs.chmodSync(path.join(root, 'tmp'), 0o1777);
  execFileSync('sh', ['-c', `tar -C "$0" -c . | docker import - "$1"`, root, tag], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** A container as the machine, by the engine's own client. */
function container(id: string, user?: string): Communicator {
  return {
    ...scriptedMachine(),
    exec: (command, { stdin, onOutput }) =>
      new Promise((resolve, reject) => {
        const args = ['exec', '-i', ...(user === undefined ? [] : ['-u', user]), id, '/bin/sh', '-c', command];
        const child = spawn('docker', args);
        child.on('error', reject);
        child.stdin.on('error', () => undefined);
        child.stdout.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stdout'));
        child.stderr.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stderr'));
        child.on('close', (code) => resolve({ ended: 'exit', code: code ?? -1 }));
        child.stdin.end(stdin as string | Uint8Array | undefined);
      }),
  };
}

describeIf(engine, 'no Docker Engine answers, or it runs no Linux containers', 'scripts in a real container', () => {
  const tag = `goldsmith-test-steps:${process.pid}`;
  const started: string[] = [];

  beforeAll(() => makeImage(tag));
  afterAll(() => {
    for (const id of started) docker('rm', '-f', '-v', id);
    docker('rmi', '-f', tag);
  });

  function start(...options: string[]): string {
    const id = docker('run', '-d', ...options, '--entrypoint', '/bin/sh', tag, '-c', 'sleep 600');
    started.push(id);
    return id;
  }

  async function run(config: ShellConfig, machine: Communicator): Promise<string> {
    const ctx = provisionContext(folder);
    await shell.run(config, machine, ctx);
    return ctx.printed();
  }

  test('one round trip each: environment, standard input, cleanliness', async () => {
    const machine = container(start());
    const inline = [
      'cat',
      'echo "$V $PACKER_BUILDER_TYPE"',
      'for f in /proc/[0-9]*/cmdline; do (tr "\\000" " " <$f) 2>/dev/null || true; done',
    ];
    const printed = await run({ inline, env: { V: 'hunter2' } }, machine);
    expect(printed.split('\n')[0]).toBe('hunter2 null');
    expect(printed.match(/hunter2/g)).toHaveLength(1);
    expect(await run({ inline: ['#!/bin/bash', '[[ -n $BASH_VERSION ]]', 'ls -A /tmp'] }, machine)).toMatch(
      /^goldsmith-\w+\.sh\n$/,
    );
    expect(
      await run(
        { executeCommand: '{{.Vars}} /bin/sh {{.Path}}', inline: ['ls -A /tmp; echo $V'], env: { V: 'x' } },
        machine,
      ),
    ).toMatch(/^goldsmith-\w+\.sh\nx\n$/);
    await verification.run(
      { commands: [{ command: 'ls -A /tmp; echo end', stdout: '/^end$/' }], files: [{ path: '/tmp', mode: '1777' }] },
      machine,
      provisionContext(folder),
    );
  });

  test('a /tmp that is mounted noexec, and a login user without rights', async () => {
    const id = start('--tmpfs', '/tmp:rw,noexec,mode=1777');
    expect(await run({ inline: ['id -u'] }, container(id, '1234'))).toBe('1234\n');
    expect(await run({ inline: ['#!/bin/bash -e', 'echo bash'] }, container(id))).toBe('bash\n');
  });

  test('no folder for the script', async () => {
    const id = start('--read-only');
    await expect(run({ inline: ['true'] }, container(id))).rejects.toMatchObject({ code: 'TRANSFER_FAILED' });
  });
});
