import * as dgram from 'node:dgram';
import * as net from 'node:net';
import { spawn } from 'node:child_process';
import { readSockets } from '../../../lib/provisioners/verification/sockets';
import { verification, type VerificationConfig } from '../../../lib/provisioners/verification';
import { provisionContext, temporaryFolder, thisMachine } from '../support';

const folder = temporaryFolder();

async function check(ports: NonNullable<VerificationConfig['ports']>, within = '0s'): Promise<string[]> {
  const ctx = provisionContext(folder);
  await verification.run({ ports, within }, thisMachine(folder), ctx).catch(() => undefined);
  return ctx.checks.map(({ name, wrong }) => [name, ...wrong].join(': '));
}

async function listen(address: string, port = 0): Promise<{ port: number; close(): Promise<void> }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('a port that is listened at on %s', async (address) => {
  const { port, close } = await listen(address);
  expect(await check([port, { port, address }])).toEqual([`port ${port}/tcp`, `port ${port}/tcp at ${address}`]);
  expect(await check([{ port, address: '127.9.9.9' }])).toEqual([
    `port ${port}/tcp at 127.9.9.9: is listened at on ${address}, expected 127.9.9.9`,
  ]);
  expect(await check([{ port, listening: false }])).toEqual([
    `port ${port}/tcp closed: is listened at (${address}), but must not be`,
  ]);
  expect(await check([{ port, protocol: 'udp' }])).toEqual([`port ${port}/udp: is not listened at`]);
  await close();
  expect(await check([port, { port, listening: false }])).toEqual([
    `port ${port}/tcp: is not listened at`,
    `port ${port}/tcp closed`,
  ]);
});

test('a UDP port that is bound', async () => {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  expect(await check([{ port, protocol: 'udp', address: '127.0.0.1' }, port])).toEqual([
    `port ${port}/udp at 127.0.0.1`,
    `port ${port}/tcp: is not listened at`,
  ]);
  socket.close();
});

test('a port is waited for, and one that never comes says how long', async () => {
  const { port, close } = await listen('127.0.0.1');
  await close();
  const program = `setTimeout(() => require('net').createServer().listen(${port}, '127.0.0.1'), 400)`;
  const child = spawn(process.execPath, ['-e', program]);
  try {
    expect(await check([port], '20s')).toEqual([`port ${port}/tcp`]);
  } finally {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
  }
  expect(await check([{ port, within: '200ms' }], '20s')).toEqual([
    `port ${port}/tcp: is not listened at, also after 200ms`,
  ]);
});

test('a wait ends when the step is cancelled', async () => {
  const over = new AbortController();
  const ctx = provisionContext(folder, { signal: over.signal });
  const run = verification.run({ ports: [1], within: '10m' }, thisMachine(folder), ctx);
  over.abort(new Error('enough'));
  await expect(run).rejects.toThrow('enough');
});

describe('what the kernel says', () => {
  const line = (local: string, state: string, inode: string): string =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 x`;

  test('is read for both families, and IPv4 within IPv6 counts as IPv4', () => {
    const printed = [
      'uid 0',
      'table tcp',
      '  sl  local_address rem_address   st tx_queue',
      line('0100007F:1F90', '0A', '7'),
      line('0100007F:1F91', '01', '8'),
      'table tcp6',
      line('00000000000000000000000001000000:0016', '0A', '9'),
      line('0000000000000000FFFF00000100007F:0050', '0A', '10'),
    ].join('\n');
    expect(readSockets(printed)).toEqual({
      held: undefined,
      listening: [
        { protocol: 'tcp', address: '127.0.0.1', port: 8080, inode: '7' },
        { protocol: 'tcp', address: '::1', port: 22, inode: '9' },
        { protocol: 'tcp', address: '127.0.0.1', port: 80, inode: '10' },
      ],
    });
  });

  test('tells which sockets the machine holds itself', () => {
    const printed = `table tcp\n${line('00000000:0016', '0A', '7')}\ntable held\nlrwx------ 1 root root 64 3 -> socket:[9]`;
    expect(readSockets(printed).held).toEqual(new Set(['9']));
  });

  test('may be nothing', () => {
    expect(readSockets('uid 0\n').listening).toBeUndefined();
  });
});
