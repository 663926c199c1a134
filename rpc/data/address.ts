/** Addresses of the data plane: `host:port`, `[::1]:port`, or the path of a Unix socket. */
import { formatAddress as formatHostPort, parseAddress } from '../grpc/listen.ts';

export type DataAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function tcpAddress(text: string): DataAddress {
  return { kind: 'tcp', ...parseAddress(text) };
}

export function formatAddress(address: DataAddress): string {
  return address.kind === 'unix' ? address.path : formatHostPort(address);
}
