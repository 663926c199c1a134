/** Addresses of the data plane: `host:port`, `[::1]:port`, or the path of a Unix socket. */
import { LarderError } from '../../common/index.ts';

export type DataAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port <= 65_535)) {
    throw new LarderError('INVALID_ARGUMENT', { address: text, expected: 'HOST:PORT' });
  }
  return { host, port };
}

export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function tcpAddress(text: string): DataAddress {
  return { kind: 'tcp', ...parseHostPort(text) };
}

export function formatAddress(address: DataAddress): string {
  return address.kind === 'unix' ? address.path : formatHostPort(address.host, address.port);
}
