/**
 * Where a server may listen, and how an address is written.
 *
 * Always true: nothing listens beyond loopback without authentication, unless told so in so many words
 * (invariant 6). Both the control plane and the data plane ask here.
 */
import { BlockList, isIP } from 'node:net';
import { LarderError } from '../../common/index.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/**
 * @param host an IP address or `localhost`; any other name could resolve to anything
 * @throws {LarderError} `INSECURE_LISTEN` beyond loopback unless `insecure`
 */
export function assertMayListen(host: string, insecure: boolean): void {
  if (!insecure && !isLoopback(host)) throw new LarderError('INSECURE_LISTEN', { host });
}

/** Whether nothing but this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  const bare = unbracket(host);
  const family = isIP(bare);
  if (family === 0) return bare === 'localhost';
  return loopback.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Parses `host:port` or `[ipv6]:port`.
 *
 * @throws {LarderError} `INVALID_ARGUMENT`
 */
export function parseAddress(text: string): Address {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535) {
    throw new LarderError('INVALID_ARGUMENT', {
      address: text,
      expected: 'HOST:PORT or [IPV6]:PORT',
    });
  }
  return { host: unbracket(match[1]), port };
}

export function formatAddress({ host, port }: Address): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${String(port)}`;
}

function unbracket(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
