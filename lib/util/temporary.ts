import { createHash, randomBytes } from 'node:crypto';
import * as os from 'node:os';
import { isAlive, ownIdentity } from './identity';

let own: string | undefined;

/**
 * A name beside `file` for what is written before it gets its own name. It says which process writes, so that what a process that
 * died was just writing can be told from what is being written.
 */
export function temporaryName(file: string): string {
  if (own === undefined) {
    const { host, boot, pid, start } = ownIdentity();
    own = [hash(host), hash(boot ?? ''), pid, start ?? 0].join('-');
  }
  return `${file}.${own}-${randomBytes(6).toString('hex')}.tmp`;
}

/** Whether a name is one of {@link temporaryName}, whoever made it. */
export function isTemporary(name: string): boolean {
  return PATTERN.test(name);
}

/** Whether a name is one of {@link temporaryName}, and its process is no more. Nobody here can know that of another host's. */
export function isAbandoned(name: string): boolean {
  const [, host, boot, pid, start] = PATTERN.exec(name) ?? [];
  if (host !== hash(os.hostname())) return false;
  if (boot !== hash(ownIdentity().boot ?? '')) return true;
  return !isAlive({ pid: Number(pid), host: os.hostname(), ...(start !== '0' && { start: start! }) });
}

const PATTERN = /\.([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{12}\.tmp$/;

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
