import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { AgentStream } from '../../../lib/communicators/session-manager/agent-stream';
import { Session, type SessionCalls } from '../../../lib/communicators/session-manager/session';
import { systemClock } from '../../../lib/engine/clock';
import { Agent } from '../../../lib/rehearsal/aws/ssm/agent';

const signal = new AbortController().signal;
const servers: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Served {
  readonly agent: Agent;
  readonly calls: SessionCalls;
  readonly did: string[];
}

/** An agent in front of something that a connection to its port reaches. */
async function serve(reach: (stream: Duplex) => void, version?: string): Promise<Served> {
  const did: string[] = [];
  const agent = new Agent({
    session: 's',
    port: 22,
    clock: systemClock,
    reach: async (stream) => reach(stream),
    ended: () => did.push('ended'),
    ...(version !== undefined && { version }),
  });
  agent.token = 'first';
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => agent.serve(socket));
  await new Promise((resolve) => server.once('listening', resolve));
  servers.push(server);
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/data-channel/s`;
  const calls: SessionCalls = {
    start: () => Promise.resolve({ id: 's', url, token: 'first' }),
    resume: () => {
      did.push('resumed');
      agent.token = 'second';
      return Promise.resolve('second');
    },
    terminate: () => {
      did.push('terminated');
      agent.close();
      return Promise.resolve();
    },
    options: () => Promise.resolve({}),
  };
  return { agent, calls, did };
}

const echo = (stream: Duplex): void => void stream.pipe(stream);

async function read(stream: AgentStream, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    parts.push(part);
    if ((size += part.length) >= length) break;
  }
  return Buffer.concat(parts);
}

async function echoed(session: Session, size: number): Promise<boolean> {
  const sent = randomBytes(size);
  const stream = session.connect();
  stream.write(sent);
  return (await read(stream, size)).equals(sent);
}

test('several connections go over one session at once, and it is terminated in the end', async () => {
  const { calls, did } = await serve(echo);
  const session = await Session.open(calls, systemClock, signal);
  const all = await Promise.all([10, 100_000, 3_000_000].map((size) => echoed(session, size)));
  expect(all).toEqual([true, true, true]);
  expect(session.canConnect).toBe(true);
  await session.close();
  expect(session.canConnect).toBe(false);
  expect(did).toEqual(expect.arrayContaining(['terminated', 'ended']));
});

test('an agent that is too old for that carries one connection, as it is', async () => {
  const { calls } = await serve(echo, '3.0.196.0');
  const session = await Session.open(calls, systemClock, signal);
  expect(await echoed(session, 100_000)).toBe(true);
  expect(session.canConnect).toBe(false);
  await session.close();
});

test('nothing is lost when the web socket breaks: the session is resumed with a new token', async () => {
  const { agent, calls, did } = await serve(echo);
  const session = await Session.open(calls, systemClock, signal);
  const stream = session.connect();
  const sent = randomBytes(2_000_000);
  stream.write(sent);
  let size = 0;
  const parts: Buffer[] = [];
  let breaks = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (breaks < 2 && size > (breaks + 1) * 500_000) {
      breaks += 1;
      agent.breakOff();
    }
    if (size >= sent.length) break;
  }
  expect(Buffer.concat(parts).equals(sent)).toBe(true);
  expect(did.filter((what) => what === 'resumed')).toHaveLength(2);
  await session.close();
});

test('a session that cannot be resumed ends what goes over it', async () => {
  const { agent, calls } = await serve(echo);
  const session = await Session.open({ ...calls, resume: () => Promise.resolve(undefined) }, systemClock, signal);
  const stream = session.connect();
  const ended = new Promise<Error>((resolve) => stream.once('error', resolve));
  agent.breakOff();
  expect((await ended).message).toBe('the session is over');
  expect(session.canConnect).toBe(false);
  await session.close();
});

test('what the agent says when it ends a session is told', async () => {
  const { agent, calls } = await serve(echo);
  const session = await Session.open(calls, systemClock, signal);
  const stream = session.connect();
  const ended = new Promise<Error>((resolve) => stream.once('error', resolve));
  agent.close('Your session has been idle for too long');
  expect((await ended).message).toContain('Your session has been idle for too long');
  await session.close();
});

test('a port where nothing listens ends the connection, and not the session', async () => {
  let isUp = false;
  const { calls } = await serve((stream) => {
    if (!isUp) throw new Error('connection refused');
    echo(stream);
  });
  const session = await Session.open(calls, systemClock, signal);
  const stream = session.connect();
  const refused = await new Promise<Error>((resolve) => stream.once('error', resolve));
  expect(refused.message).toContain('nothing listens there');
  isUp = true;
  expect(await echoed(session, 10)).toBe(true);
  await session.close();
});

test('what nobody reads holds the agent, and goes on when somebody does', async () => {
  const much = randomBytes(5_000_000);
  let written = 0;
  const { calls } = await serve((stream) => {
    let at = 0;
    const more = (): void => {
      while (at < much.length) {
        const isFine = stream.write(much.subarray(at, (at += 65_536)), () => (written += 65_536));
        if (!isFine) return;
      }
    };
    stream.on('drain', more);
    more();
  });
  const session = await Session.open(calls, systemClock, signal);
  const slow = session.connect();
  await new Promise((resolve) => slow.once('readable', resolve));
  let before = -1;
  while (before !== written) {
    before = written;
    await systemClock.sleep(150);
  }
  expect(written).toBeLessThan(4_000_000);
  expect((await read(slow, much.length)).equals(much)).toBe(true);
  await session.close();
});

test('a service that takes the connection and breaks it off again is not asked for ever', async () => {
  const { agent, calls, did } = await serve(echo);
  const resume = (): Promise<string> => {
    did.push('resumed');
    return Promise.resolve('wrong');
  };
  const quick = { ...systemClock, sleep: (ms: number, until?: AbortSignal) => systemClock.sleep(ms / 20, until) };
  const session = await Session.open({ ...calls, resume }, { ...quick, now: () => systemClock.now() }, signal);
  const stream = session.connect();
  const ended = new Promise<Error>((resolve) => stream.once('error', resolve));
  agent.breakOff();
  expect((await ended).message).toContain('could not be resumed');
  expect(did.filter((what) => what === 'resumed')).toHaveLength(5);
  await session.close();
});
