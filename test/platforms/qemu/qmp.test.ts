import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { Qmp } from '../../../lib/platforms/qemu/machine/qmp';
import { makeFolder } from './tools';

let dir: string;
let server: net.Server;
let peer: net.Socket | undefined;
let heard: Record<string, unknown>[];

/** A peer that greets as QEMU does, and answers as `answer` says. */
function listen(answer: (message: Record<string, unknown>) => object | undefined): Promise<string> {
  const socket = path.join(dir, 'qmp');
  server = net.createServer((connection) => {
    peer = connection;
    connection.write(`${JSON.stringify({ QMP: { version: {}, capabilities: [] } })}\r\n`);
    connection.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter(Boolean)) {
        const message = JSON.parse(line) as Record<string, unknown>;
        heard.push(message);
        const reply = message['execute'] === 'qmp_capabilities' ? { return: {} } : answer(message);
        if (reply) connection.write(`${JSON.stringify({ ...reply, id: message['id'] })}\r\n`);
      }
    });
  });
  return new Promise((resolve) => server.listen(socket, () => resolve(socket)));
}

beforeEach(() => {
  dir = makeFolder();
  heard = [];
});
afterEach(async () => {
  peer?.destroy();
  await new Promise((resolve) => server.close(resolve));
  fs.rmSync(dir, { recursive: true, force: true });
});

describe("QEMU's control socket", () => {
  test('is greeted, asked, and gives its answers', async () => {
    const qmp = await Qmp.connect(await listen(({ arguments: given }) => ({ return: given })));
    await expect(qmp.run('echo', { a: 1 })).resolves.toEqual({ a: 1 });
    expect(heard.map(({ execute }) => execute)).toEqual(['qmp_capabilities', 'echo']);
    qmp.close();
  });

  test('may answer out of order, and tell of events in between, in any pieces', async () => {
    const held: Record<string, unknown>[] = [];
    const qmp = await Qmp.connect(await listen((message) => void held.push(message)));
    const events: string[] = [];
    qmp.on(({ event }) => events.push(event));
    const answers = Promise.all([qmp.run('first'), qmp.run('second')]);
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const text = [
      { event: 'STOP', timestamp: {} },
      { return: 2, id: held[1]!['id'] },
      { return: 1, id: held[0]!['id'] },
    ]
      .map((message) => `${JSON.stringify(message)}\r\n`)
      .join('');
    for (const character of text) peer!.write(character);
    await expect(answers).resolves.toEqual([1, 2]);
    expect(events).toEqual(['STOP']);
    qmp.close();
  });

  test('says why it refuses', async () => {
    const qmp = await Qmp.connect(await listen(() => ({ error: { class: 'GenericError', desc: 'no such device' } })));
    await expect(qmp.run('eject')).rejects.toThrow('QEMU refused `eject`: no such device');
    qmp.close();
  });

  test('that goes away leaves nobody waiting', async () => {
    const qmp = await Qmp.connect(await listen(() => undefined));
    const asked = qmp.run('query-status');
    peer!.destroy();
    await expect(asked).rejects.toThrow(/ended before it answered `query-status`/);
    await expect(qmp.run('again')).rejects.toThrow(/ended/);
    expect(qmp.closed).toBe(true);
  });
});
