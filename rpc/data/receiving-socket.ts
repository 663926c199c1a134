/**
 * A client's socket, which reads into one buffer again and again (2.1–2.7 GB/s against 1.4 with a new one each).
 *
 * Reading the rest of a payload straight to its place saves a copy and costs a read: no difference was measured
 * (0.56 CPU seconds per GiB either way; the copy is 0.04 of it).
 */
import net from 'node:net';
import { KIB } from '../../common/index.ts';
import type { DataAddress } from './address.ts';

const BUFFER_BYTES = 512 * KIB;

/** @param onBytes is lent them for the call */
export function connectReceiving(
  address: DataAddress,
  onBytes: (bytes: Buffer) => void,
): net.Socket {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const where =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  return net.connect({
    ...where,
    noDelay: true,
    onread: {
      buffer,
      callback: (count) => {
        onBytes(buffer.subarray(0, count));
        return true;
      },
    },
  });
}
