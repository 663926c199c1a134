/**
 * A client's socket, which reads without copying where it can: the rest of a payload goes straight to where its
 * reader wants it, all else through one small buffer that is used again and again.
 */
import net from 'node:net';
import { KIB } from '../../common/index.ts';
import type { DataAddress } from './address.ts';
import type { FrameReader } from './frame-reader.ts';

/** Small, so that most of a payload is a rest. CPU of a receiver: MEASURED. */
const BUFFER_BYTES = 32 * KIB;
/** A rest that is smaller is copied with what follows it: a read of its own costs more. */
const LEAST_IN_PLACE_BYTES = 32 * KIB;

export interface ReceivingSocketOptions {
  readonly address: DataAddress;
  readonly frames: Pick<FrameReader, 'room'>;
  /** @param isInPlace they are where `frames.room` wanted them */
  readonly onBytes: (bytes: Buffer, isInPlace: boolean) => void;
}

export function connectReceiving(options: ReceivingSocketOptions): net.Socket {
  const { address, frames, onBytes } = options;
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let receiving: Buffer = buffer;
  const where =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  return net.connect({
    ...where,
    noDelay: true,
    onread: {
      // Asked for before the first read and after each: the next one goes there.
      buffer: () => {
        receiving = frames.room(LEAST_IN_PLACE_BYTES) ?? buffer;
        return receiving;
      },
      callback: (count) => {
        onBytes(receiving.subarray(0, count), receiving !== buffer);
        return true;
      },
    },
  });
}
