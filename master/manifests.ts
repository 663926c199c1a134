/** Published manifests: opened to read entries, streamed to who copies them. */
import { open } from 'node:fs/promises';
import { LarderError } from '../common/index.ts';
import { ManifestReader } from '../common/manifest/index.ts';
import { FilePageSource } from '../rpc/manifests/index.ts';

const CHUNK_BYTES = 256 * 1024;

export interface OpenManifest extends Disposable {
  readonly reader: ManifestReader;
}

/** The file may be deleted while it is open: what is open stays readable. */
export function openManifest(path: string): OpenManifest {
  const source = new FilePageSource(path);
  try {
    const reader = ManifestReader.open(source, { whole: true });
    return {
      reader,
      [Symbol.dispose]: () => {
        source.close();
      },
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

export interface ManifestPiece {
  readonly offsetBytes: number;
  readonly bytes: Buffer;
}

/**
 * @param lengthBytes 0 for all that follows
 * @throws {LarderError} `INVALID_ARGUMENT` beyond the end
 */
export async function* readManifest(
  path: string,
  offsetBytes: number,
  lengthBytes: number,
): AsyncGenerator<ManifestPiece, void, undefined> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const end = lengthBytes === 0 ? size : offsetBytes + lengthBytes;
  if (!(offsetBytes >= 0 && offsetBytes <= end && end <= size)) {
    throw new LarderError('INVALID_ARGUMENT', { offsetBytes, lengthBytes, manifestBytes: size });
  }
  for (let at = offsetBytes; at < end;) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - at));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    if (bytesRead === 0)
      throw new LarderError('MANIFEST_CORRUPT', { file: path, what: 'too short' });
    yield { offsetBytes: at, bytes: bytes.subarray(0, bytesRead) };
    at += bytesRead;
  }
}
