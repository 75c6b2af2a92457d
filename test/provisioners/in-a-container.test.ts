import { execFileSync, spawn } from 'node:child_process';
import type { Communicator } from '../../lib/extension';
import { shell, type ShellConfig } from '../../lib/provisioners/shell';
import { verification } from '../../lib/provisioners/verification';
import { hasEngine, hasPrograms } from '../helpers/docker';
import { describeIf } from '../helpers/requires';
import { Base } from '../platforms/docker/fixture';
import { provisionContext, scriptedMachine, temporaryFolder } from './support';

const folder = temporaryFolder();
const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

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

const able = hasEngine && hasPrograms('docker');

describeIf(able, 'a Docker Engine and its command line are needed', 'scripts in a real container', () => {
  let base: Base;
  const started: string[] = [];

  beforeAll(async () => {
    base = await Base.make();
  });
  afterAll(async () => {
    for (const id of started) docker('rm', '-f', '-v', id);
    await base.remove();
  });

  function start(...options: string[]): string {
    const id = docker('run', '-d', ...options, '--entrypoint', '/bin/sh', base.name, '-c', 'sleep 600');
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
