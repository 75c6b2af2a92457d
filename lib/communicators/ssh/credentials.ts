import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { GoldsmithError, messageOf } from '../../errors';
import type { RunContext } from '../../extension/context';
import { certified } from './certificate';
import { fingerprintOf } from './key-pair';

/** What may be logged in with. */
export interface Login {
  readonly username: string;
  readonly password?: string | undefined;
  readonly privateKeyFile?: string | undefined;
  readonly privateKeyPassphrase?: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly agentAuth?: boolean | undefined;
  /** A key as text. */
  readonly privateKey?: string | undefined;
}

/** One way to log in, in words and as ssh2 takes it. */
export interface Offer {
  readonly what: string;
  readonly method: AnyAuthMethod;
}

/** Reads what is needed to log in, in the order in which it is offered: agent, keys, password, keyboard-interactive. */
export async function offersOf(login: Login, ctx: RunContext): Promise<readonly Offer[]> {
  const { username, password } = login;
  const offers: Offer[] = [];
  if (login.agentAuth === true) {
    offers.push({ what: "the agent's keys", method: { type: 'agent', username, agent: agentOf(ctx) } });
  }
  for (const { key, name } of await keysOf(login, ctx)) {
    const what = `${name} (${key.type} ${fingerprintOf(key.getPublicSSH())})`;
    offers.push({ what, method: { type: 'publickey', username, key } });
  }
  if (password !== undefined) {
    offers.push({ what: 'the password', method: { type: 'password', username, password } });
    offers.push({
      what: 'the password, asked for by keyboard-interactive',
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
      },
    });
  }
  if (offers.length === 0) {
    throw new GoldsmithError('INVALID_PROPS', `there is nothing to log in with as \`${username}\``, {
      hint: 'give `privateKeyFile`, `agentAuth: true` or `password`',
    });
  }
  return offers;
}

/** The public half of a private key, as a line of authorized_keys. */
export async function publicKeyOf(
  login: Pick<Login, 'privateKeyFile' | 'privateKeyPassphrase'>,
  ctx: RunContext,
): Promise<string> {
  const [found] = await keysOf({ ...login, username: '' }, ctx);
  return `${found!.key.type} ${found!.key.getPublicSSH().toString('base64')}`;
}

/** Where the agent listens. */
export function agentOf(ctx: RunContext): string {
  const agent =
    ctx.env['SSH_AUTH_SOCK'] ?? (process.platform === 'win32' ? '\\\\.\\pipe\\openssh-ssh-agent' : undefined);
  if (agent !== undefined && agent !== '') return agent;
  throw new GoldsmithError('CONNECT_FAILED', '`agentAuth` is set, but no SSH agent is there: SSH_AUTH_SOCK is empty', {
    hint: 'start one with `eval $(ssh-agent)` and `ssh-add`, or give `privateKeyFile`',
  });
}

async function keysOf(login: Login, ctx: RunContext): Promise<readonly { key: ParsedKey; name: string }[]> {
  const keys: { key: ParsedKey; name: string }[] = [];
  const { privateKeyFile, certificateFile, privateKeyPassphrase } = login;
  if (privateKeyFile !== undefined) {
    const text = await readUserFile(privateKeyFile, 'privateKeyFile', ctx);
    const key = parsePrivateKey(text, `\`privateKeyFile\` (${privateKeyFile})`, privateKeyPassphrase);
    if (certificateFile !== undefined) {
      const line = await readUserFile(certificateFile, 'certificateFile', ctx);
      keys.push({ key: certified(key, line, certificateFile), name: path.basename(certificateFile) });
    }
    keys.push({ key, name: path.basename(privateKeyFile) });
  }
  if (login.privateKey !== undefined) {
    ctx.secret(login.privateKey);
    keys.push({ key: parsePrivateKey(login.privateKey, 'the temporary key', undefined), name: 'the temporary key' });
  }
  return keys;
}

/** Reads a private key's text; says what is wrong with it in the words of the prop it came from. */
export function parsePrivateKey(text: string, name: string, passphrase: string | undefined): ParsedKey {
  const { utils } = require('ssh2') as typeof import('ssh2');
  const parsed = utils.parseKey(text, passphrase) as ParsedKey | ParsedKey[] | Error;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key !== undefined && !(key instanceof Error)) {
    if (key.isPrivateKey()) return key;
    throw new GoldsmithError('INVALID_PROPS', `${name} is a public key`, { hint: 'name the file without `.pub`' });
  }
  const why = key?.message ?? 'it holds no key';
  const encrypted = /no passphrase/i.test(why);
  const wrong = /bad passphrase|integrity|malformed openssh private key|bad decrypt/i.test(why) && passphrase;
  throw new GoldsmithError('INVALID_PROPS', `${name} cannot be read: ${why.replace(/\.$/, '')}`, {
    hint: encrypted
      ? 'give its passphrase as `privateKeyPassphrase`, or use `agentAuth`'
      : wrong
        ? 'is `privateKeyPassphrase` right?'
        : 'it must be a private key of OpenSSH or PEM: RSA, ECDSA or ED25519',
  });
}

/** A file of the user's by its name, where `~/` is the home folder. */
export function userPath(file: string, ctx: RunContext): string {
  const home = ctx.env['HOME'] ?? ctx.env['USERPROFILE'];
  return /^~[/\\]/.test(file) && home !== undefined ? path.join(home, file.slice(2)) : ctx.resolvePath(file);
}

async function readUserFile(file: string, prop: string, ctx: RunContext): Promise<string> {
  const full = userPath(file, ctx);
  try {
    return await readFile(full, 'utf8');
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : `cannot be read: ${messageOf(error)}`;
    throw new GoldsmithError('MISSING_ASSET', `\`${prop}\` names ${file}, which ${why}`, {
      hint: `looked at ${full}`,
      cause: error,
    });
  }
}
