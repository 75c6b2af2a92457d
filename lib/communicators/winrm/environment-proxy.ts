import { isIP } from 'node:net';
import { GoldsmithError } from '../../errors';
import type { Proxy } from '../ssh/proxy';

/** Where a request goes. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/**
 * The proxy that the environment names, by Go's rules, which Packer has (golang.org/x/net/http/httpproxy): this machine
 * is never reached by a proxy, and NO_PROXY lists names, domains and networks that are not.
 */
export function proxyOfEnvironment(
  { host, port, secure }: Destination,
  env: Readonly<Record<string, string | undefined>>,
): Proxy | undefined {
  const value = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  const name = secure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const given = value(name);
  if (given === '' || isLocal(host) || isExcepted(host, port, value('NO_PROXY'))) return undefined;
  const url = parsed(given.includes('://') ? given : `http://${given}`);
  const kind = url && ({ 'http:': 'http', 'socks5:': 'socks5', 'socks5h:': 'socks5' } as const)[url.protocol];
  if (!url || !kind) {
    throw new GoldsmithError('INVALID_PROPS', `${name} in the environment is no proxy that can be used`, {
      hint: 'it must read http://host:port or socks5://host:port; `noProxy: true` goes without, `proxy` names another one',
    });
  }
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port === '' ? kind === 'http' && { port: 80 } : { port: Number(url.port) }),
    ...(url.username !== '' && {
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    }),
  };
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function isExcepted(host: string, port: number, list: string): boolean {
  return list.split(',').some((entry) => {
    const [, name = '', ofPort] =
      /^\s*(.*?)(?::(\d+))?\s*$/.exec(entry.includes('::') ? entry : entry.toLowerCase()) ?? [];
    if (name === '' || (ofPort !== undefined && Number(ofPort) !== port)) return false;
    if (name === '*') return true;
    if (name.includes('/')) return isWithin(host, name);
    const plain = name.replace(/^\*?\./, '');
    return host.toLowerCase() === plain || host.toLowerCase().endsWith(`.${plain}`);
  });
}

function isWithin(host: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  if (isIP(host) !== 4 || isIP(base) !== 4) return false;
  const number = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(host) / size) === Math.floor(number(base) / size);
}
