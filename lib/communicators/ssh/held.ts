import { randomBytes } from 'node:crypto';
import type { Client } from 'ssh2';
import { ask, type Asked } from './channel';
import type { Link } from './link';

/** A session that was opened before its command was known: nothing runs in it, so nothing in it is ever out of date. */
export interface Held {
  /** Starts the command in it. */
  run(command: string): Promise<Asked>;
  /** Whether it can be used no more. */
  readonly over: () => boolean;
  /** What comes of it; where it is refused, that comes before a command is given. */
  readonly asked: Promise<Asked>;
}

type SendExec = (channel: number, command: string, wantReply: boolean) => void;

/** What is to be sent in place of a request, once it is known. */
const awaited = new WeakMap<Client, Map<string, Promise<string>>>();

/**
 * Opens one. ssh2 opens a session and starts a command in one go, so the request to start it is held back between the two.
 *
 * @returns undefined where this ssh2 is built otherwise
 */
export function hold(link: Link): Held | undefined {
  const requests = requestsOf(link.client);
  if (!requests) return undefined;
  const name = `goldsmith-${randomBytes(12).toString('hex')}`;
  let give!: (command: string) => void;
  requests.set(name, new Promise((resolve) => (give = resolve)));
  let over = false;
  const asked = ask(link, name, false);
  void asked.then(() => {
    over = true;
    requests.delete(name);
  });
  return {
    asked,
    over: () => over,
    run: (command) => {
      give(command);
      return asked;
    },
  };
}

function requestsOf(client: Client): Map<string, Promise<string>> | undefined {
  const known = awaited.get(client);
  if (known) return known;
  const { _protocol: protocol } = client as unknown as { _protocol?: { exec?: SendExec } };
  if (typeof protocol?.exec !== 'function') return undefined;
  const requests = new Map<string, Promise<string>>();
  const send = protocol.exec.bind(protocol);
  protocol.exec = (channel, command, wantReply) => {
    const real = requests.get(command);
    if (real) void real.then((text) => send(channel, text, wantReply));
    else send(channel, command, wantReply);
  };
  awaited.set(client, requests);
  return requests;
}
